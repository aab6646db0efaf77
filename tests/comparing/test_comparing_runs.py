"""`compare` on a real study: what runs, what is not run again, and what it is read from."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import optuna
import pytest

from orchestrator import compare, load_study, search
from orchestrator.cli.app import main
from orchestrator.comparing import CompareRequest, plan_comparison
from orchestrator.request import SearchRequest
from search_spaces.errors import UsageError
from trainables.record import read_report

QUICK = {
    "tune": "all", "epochs": 1, "attack": "none", "threads": 1, "width": 8, "depth": 2,
}  # fmt: skip

LOCAL = SearchRequest(local=True)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A searched study in a folder of its own: mlp twice, mini_vgg twice."""
    folder = tmp_path_factory.mktemp("compared")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        search(
            data="digits", train_size=100, val_size=100, backbones=["mlp", "mini_vgg"],
            settings=QUICK, trials=4, study="found", local=True, keep_models=0,
            tries=[{"backbone": "mlp"}, {"backbone": "mini_vgg"}],
        )  # fmt: skip
    return folder


@pytest.fixture
def here(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(place)
    return place


def runs(name: str) -> list[tuple[str, int, int, int]]:
    """Arm, repeat, seed and split seed of each finished trial."""
    trials = load_study(name).results
    return [
        (t.params["arm"], t.params["repeat"], t.config["seed"], t.config["split_seed"])
        for t in trials
        if t.state == "finished"
    ]


@pytest.mark.slow
def test_again_runs_nothing_and_more_repeats_run_the_rest(here: Path) -> None:
    first = compare("found", repeats=2, local=True, name="grown")
    numbers = len(load_study("grown").results)
    assert compare("found", repeats=2, local=True, name="grown") == first
    assert len(load_study("grown").results) == numbers == 4
    planned = plan_comparison(CompareRequest("found", repeats=2, name="grown", run=LOCAL))
    assert (planned.continuing, planned.finished, planned.spec.trials) == (True, 4, 4)
    third = compare("found", repeats=3, local=True, name="grown")
    assert len(runs("grown")) == len(set(runs("grown"))) == 6
    assert all(new.values[:2] == old.values for new, old in zip(
        sorted(third.arms, key=lambda arm: arm.name), sorted(first.arms, key=lambda arm: arm.name),
        strict=True))  # fmt: skip


@pytest.mark.slow
def test_the_search_goes_on_until_each_is_tuned(here: Path) -> None:
    before = len(load_study("found").results)
    found = compare("found", repeats=2, tune=3, local=True, name="tuned")
    trials = [trial for trial in load_study("found").results if trial.counts]
    held = [sum(t.params["backbone"] == name for t in trials) for name in ("mlp", "mini_vgg")]
    assert found.tuned == min(held) >= 3
    assert len(load_study("found").results) > before


@pytest.mark.slow
def test_another_comparison_may_not_take_the_name(here: Path) -> None:
    compare("found", repeats=2, local=True, name="taken")
    with pytest.raises(UsageError, match="another comparison"):
        compare("found", repeats=2, metric="-val_loss", local=True, name="taken")
    with pytest.raises(UsageError, match="not compared again"):
        compare("taken", local=True)


def test_each_arm_runs_once_a_repeat_on_the_repeats_own_split(
    here: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Through the command line; its JSON, the study, the trials' files and MLflow agree."""
    status = main(["compare", "found", "--repeats", "2", "--local", "--name", "told", "--json"])
    answer = json.loads(capfd.readouterr().out)
    assert (status, answer["study"], answer["source"]) == (0, "told", "found")
    assert sorted(runs("told")) == [
        ("mini_vgg", 0, 1, 1), ("mini_vgg", 1, 2, 2), ("mlp", 0, 1, 1), ("mlp", 1, 2, 2),
    ]  # fmt: skip
    trials = load_study("told").results
    used = [read_report(Path(trial.folder)).report.predictions for trial in trials]
    first, second, third, _ = [{p.split: set(p.indices_N) for p in each}["val"] for each in used]
    assert first == second != third
    stated = {arm["name"]: arm["values"] for arm in answer["arms"]}
    assert stated == {
        name: [t.metrics["val_acc"] for t in trials if t.params["arm"] == name] for name in stated
    }
    pair = answer["differences"][0]
    means = {name: np.mean(values) for name, values in stated.items()}
    assert pair["mean"] == pytest.approx(means[pair["better"]] - means[pair["worse"]])
    assert answer["verdict"].startswith(answer["arms"][0]["name"])
    _is_shown(here, pair["sentence"])


def _is_shown(here: Path, sentence: str) -> None:
    """On the parent run's page in MLflow, with the picture."""
    import mlflow

    parent = load_study("told").parent_run_id
    assert parent is not None
    client = mlflow.MlflowClient(f"sqlite:///{here}/mlflow.db")
    note = client.get_run(parent).data.tags["mlflow.note.content"]
    assert sentence.split(" (")[0] in note.replace("\\", "")
    assert "arms.png" in {Path(f.path).name for f in client.list_artifacts(parent, "pictures")}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["found", "--by", "backbon"], "backbone"),
        (["found", "--by", "lr", "--repeats", "1"], "--repeats"),
        (["foun"], "found"),
        (["found", "--metric", "val_ac"], "Did you mean 'val_acc'?"),
    ],
)
def test_wrong_usage(
    here: Path, arguments: list[str], words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", *arguments, "--local"]) == 2
    assert words in capfd.readouterr().err


@pytest.mark.slow
def test_a_study_of_repeats_is_resumed_by_name(here: Path) -> None:
    compare("found", repeats=2, local=True, name="resumed")
    study = optuna.load_study(study_name="resumed", storage=f"sqlite:///{here}/optuna.db")
    number = len(study.trials)
    assert main(["resume", "resumed", "--local"]) == 0
    assert len(study.trials) == number
