"""The whole way on real parts: search, promote, promote better, refuse, roll back.

Nets of a few thousand parameters on `digits`, in this process, with a real sqlite MLflow store.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from json_keys import check
from mlflow import MlflowClient

from orchestrator import search
from orchestrator.cli.app import main
from orchestrator.promoting.listing import models
from orchestrator.promoting.promote import promote
from orchestrator.promoting.rollback import rollback
from orchestrator.study.store import load_study, open_storage
from orchestrator.tracking.registry import (
    NewVersion,
    Seats,
    read_seats,
    read_version,
    read_versions,
    seat_champion,
)
from orchestrator.tracking.store import open_client
from search_spaces.errors import UsageError
from trainables.data import load
from trainables.data.test_split import read_ledger

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

NET = {"tune": "all", "width": 8, "depth": 2, "threads": 1, "attack": "fgsm"}
QUICK = {"repeats": 2, "finalists": 2, "attack": "pgd:steps=3", "attack_images": 300, "local": True}
OPENING = "test_opening."


def openings(study: str) -> int:
    held = load_study(open_storage("sqlite:///optuna.db"), study).user_attrs
    return sum(name.startswith(OPENING) for name in held)


def searched(study: str, epochs: int, lr: float, trials: int = 2) -> None:
    search(
        data="digits", train_size=300, val_size=100, robust_size=30, backbones=["mini_vgg"],
        settings={**NET, "epochs": epochs, "lr": lr}, trials=trials, study=study, local=True,
        keep_models=0,
    )  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a poor search (one epoch) and a good one."""
    folder, before = tmp_path_factory.mktemp("promoted"), Path.cwd()
    os.chdir(folder)
    searched("poor", 1, 1e-3)
    searched("good", 12, 1e-2)
    yield folder
    os.chdir(before)


def test_the_whole_story(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    first = promote("poor", **QUICK)
    assert (first.done, first.version, first.against, first.name) == ("promoted", "1", "", "digits")
    assert first.attack is not None and not {"union", "transferred"} & first.attack.keys()
    assert first.test_openings == openings("poor") == 1
    _better_takes_the_place(capfd)
    _worse_is_refused()
    _the_same_is_not_promoted_again()
    capfd.readouterr()
    back = rollback("digits")
    assert (back.after.champion, back.after.previous) == ("1", "2")
    assert main(["rollback", "digits", "--json"]) == 0
    told = json.loads(capfd.readouterr().out)
    check("orchestrator rollback NAME --json", told)
    assert told["after"]["champion"] == "2"


def _better_takes_the_place(capfd: pytest.CaptureFixture[str]) -> None:
    """Through the command line; its JSON, the registry and the files of the version agree."""
    capfd.readouterr()
    line = "promote good --repeats 2 --finalists 2 --attack pgd:steps=3 --attack-images 300 --local"
    assert main([*line.split(), "--min-acc", "0.3", "--json"]) == 0
    told = json.loads(capfd.readouterr().out)
    check("orchestrator promote STUDY --json", told)
    assert (told["done"], told["version"], told["against"]) == ("promoted", "2", "1")
    figures = {figure["name"]: figure for figure in told["figures"]}
    count = load("digits").test_count
    assert figures["accuracy"]["candidate"]["count"] == count
    assert figures["robust score"]["candidate"]["count"] == 300
    assert told["attack"]["attack"] == "pgd3"
    _both_met_what_broke_either(told, figures["robust score"])
    assert [reason["check"] for reason in told["reasons"]] == [
        "accuracy", "better", "not less robust",
    ]  # fmt: skip
    assert main(["models", "digits", "--json"]) == 0
    listed = json.loads(capfd.readouterr().out)
    check("orchestrator models --json", listed)
    versions = {row["version"]: row for row in listed["versions"]}
    assert versions["2"]["aliases"] == ["champion"]
    assert versions["1"]["aliases"] == ["previous"]
    stated = figures["accuracy"]["candidate"]
    assert versions["2"]["accuracy"]["value"] == pytest.approx(stated["value"], abs=1e-5)
    assert main(["models"]) == 0
    assert "champion" in capfd.readouterr().out
    _is_what_it_says(told)


def _both_met_what_broke_either(told: dict, figure: dict) -> None:
    """The scores that were compared are the areas under the curves of the union."""
    import numpy as np

    attack = told["attack"]
    assert attack["union"] == ["the candidate", "version 1"]
    (words,) = [r["words"] for r in told["reasons"] if r["check"] == "not less robust"]
    assert "what broke either was tried on both" in words
    eps, seen = attack["worst_case"]["eps_255"], 0
    for whose in ("candidate", "champion"):
        held, curve = attack["transferred"][whose], np.array(attack["worst_case"][whose])
        assert (np.diff(curve) <= 0).all()
        assert (np.array(held["alone_E"]) - np.array(held["fell_E"]) / 300) == pytest.approx(curve)
        assert figure[whose]["value"] == pytest.approx(np.trapezoid(curve, eps) / eps[-1])
        assert 0 <= max(held["fell_E"]) <= held["images"] <= held["passes"] <= 300 * 5
        seen += held["passes"]
    assert seen > 0


def _is_what_it_says(told: dict) -> None:
    """The champion, loaded as any user would, has the accuracy that its version states."""
    import numpy as np

    from orchestrator.using.loading import load_classifier
    from trainables.data import open_test

    data = load("digits")
    images_NHWC, labels_N = open_test(data, purpose="test of the tests", evaluation=False)
    loaded = load_classifier("digits@champion")
    found = (loaded.predict(images_NHWC).argmax(axis=1) == np.asarray(labels_N)).mean()
    assert loaded.version == "2"
    stated = next(f for f in told["figures"] if f["name"] == "accuracy")["candidate"]["value"]
    assert found == pytest.approx(stated, abs=1.5 / len(labels_N))  # a tie may fall otherwise
    _holds_its_evidence()


def _holds_its_evidence() -> None:
    client = open_client(f"sqlite:///{Path.cwd()}/mlflow.db")
    version = client.get_model_version("digits", "2")
    tags = version.tags
    assert tags["data_digest"] == load("digits").digest
    assert (tags["study"], tags["compared_with"], tags["test_openings"]) == ("good", "1", "1")
    assert tags["repeat_seeds"].count(",") == 1 and "torch==" in tags["dependencies"]
    assert json.loads(tags["attack_provenance"])["attack"] == "pgd3"
    assert float(tags["latency_p95_ms_1"]) > 0
    assert "more accurate than version 1" in version.description
    there = {entry.path for entry in client.list_artifacts(version.run_id, "promotion")}
    assert there == {
        "promotion/decision.json", "promotion/dependencies.txt", "promotion/model_card.md",
    }  # fmt: skip


def _worse_is_refused() -> None:
    """Exit status 1, and the registry as it was."""
    before = models("digits")
    line = "promote poor --trial 1 --repeats 2 --attack none --local"
    assert main(line.split()) == 1
    assert models("digits") == before
    assert openings("poor") == 2
    purposes = [opening.purpose for opening in read_ledger(load("digits"))]
    assert "against version 2 of digits" in purposes[-1]


def _the_same_is_not_promoted_again() -> None:
    """The champion is not compared with itself: no look at the test split."""
    before = openings("good")
    again = promote("good", **QUICK)
    assert not again.promote and "is the champion already" in again.sentence
    assert openings("good") == before


def test_a_dry_run_says_and_changes_nothing(place: Path) -> None:
    found = promote("good", name="other", dry_run=True, **QUICK)
    assert (found.promote, found.done, found.version) == (True, "nothing", "")
    assert "would become other@champion" in found.sentence
    assert {version.name for version in models()} <= {"digits"}


def test_gates_refuse_the_first_champion_too(place: Path) -> None:
    line = "promote good --name gated --repeats 2 --finalists 2 --attack none --local"
    assert main([*line.split(), "--min-acc", "0.9999"]) == 1
    assert main([*line.split(), "--max-latency-ms", "0.001"]) == 1
    assert main([*line.split(), "--min-robust", "0.2"]) == 2  # without an attack
    assert "gated" not in {version.name for version in models()}


def test_a_challenger_is_registered_beside_the_champion(place: Path) -> None:
    promote("good", name="duel", **QUICK)
    found = promote("poor", name="duel", challenger=True, **QUICK)
    assert (found.done, found.version) == ("challenger", "2")
    aliases = {version.version: version.aliases for version in models("duel")}
    assert aliases == {"1": ("champion",), "2": ("challenger",)}


def test_a_champion_that_changes_meanwhile_is_compared_with(place: Path) -> None:
    """Somebody else takes the place between the comparison and the move of the alias."""
    promote("poor", name="moving", **QUICK)
    client = open_client(f"sqlite:///{place}/mlflow.db")
    first = read_version(client, "moving", "1")
    assert first is not None
    other = NewVersion(first.source, "", "", first.tags, "somebody else's")
    moved = []

    def overtake(line: str) -> None:
        if line == "registering it" and not moved:
            moved.append(seat_champion(client, "moving", other, expected="1")[0].number)

    before = openings("good")
    found = promote("good", name="moving", progress=overtake, **QUICK)
    assert (moved, found.against, found.version) == (["2"], "2", "3")
    assert found.test_openings == openings("good") == before + 2
    assert read_seats(client, "moving") == Seats("3", "2")
    _left_no_model_behind(client, found.model_uri)


def _left_no_model_behind(client: MlflowClient, uri: str) -> None:
    """The model that was logged for the first comparison is gone again."""
    experiment = client.get_experiment_by_name("orchestrator")
    assert experiment is not None
    logged = client.search_logged_models([experiment.experiment_id])
    sources = [version.source for version in read_versions(client, "moving")]
    run = client.get_logged_model(uri.removeprefix("models:/")).source_run_id
    of_run = [model.artifact_location for model in logged if model.source_run_id == run]
    in_use = {version.source for each in models() for version in read_versions(client, each.name)}
    assert set(of_run) <= in_use and set(of_run) & set(sources)


def test_models_of_other_data_are_not_compared(place: Path) -> None:
    client = open_client(f"sqlite:///{place}/mlflow.db")
    client.create_registered_model("strange")
    for tags in ({"data": "cifar10", "data_digest": "0" * 16}, {}):
        made = client.create_model_version("strange", "file:///nowhere", tags=tags)
        client.set_registered_model_alias("strange", "champion", made.version)
        before = openings("good")
        with pytest.raises(UsageError, match="--name NAME"):
            promote("good", name="strange", **QUICK)
        assert openings("good") == before
    assert main(["promote", "good", "--name", "strange", "--local"]) == 2
    assert main(["promote", "goood", "--local"]) == 2
    assert main(["rollback", "strange"]) == 1
