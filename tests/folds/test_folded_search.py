"""A search that is cross-validated: what the study holds, what is said of it, how it goes on."""

from __future__ import annotations

import json
from pathlib import Path

import mlflow
import pytest

from orchestrator import compare, load_study, search
from orchestrator.cli.app import main
from orchestrator.reporting.commands import search_command
from orchestrator.study.spec import StudySpec
from search_spaces.errors import UsageError

SMALL = {
    "data": "digits", "train_size": 60, "weights": "random", "local": True, "keep_models": 0,
    "backbones": ["tf_efficientnet_lite0"],
    "settings": {"input_size": 32, "epochs": 2, "threads": 1},
}  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A searched study in a folder of its own, and the repeats of its two best."""
    folder = tmp_path_factory.mktemp("folded")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        first = [{"subset": name, "split_seed": 0} for name in ("random", "margin:pool=10000")]
        search(
            "subset_strategy", validation="kfold:3", trials=2, study="folded", tries=first, **SMALL
        )
    return folder


@pytest.fixture
def here(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(place)
    return place


def test_the_study_holds_how_it_was_validated(here: Path) -> None:
    spec = load_study("folded").spec
    assert isinstance(spec, StudySpec)
    assert (spec.split.validation, spec.base_config["validation"]) == ("kfold:3x1", "kfold:3x1")
    assert (spec.split.train, spec.split.val, spec.split.robust) == (60, 0, 0)
    assert spec.base_config["attack"] == "none"
    assert "--validation kfold:3x1" in search_command(spec)
    assert "--val-size" not in search_command(spec)
    for trial in load_study("folded").ranked:
        assert trial.metrics["cv_folds"] == 3
        assert trial.metrics["labels_used"] == 60


def test_it_is_said_in_the_table_the_json_and_mlflow(
    here: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    words = "stratified 3-fold cross-validation over the 60 training labels (kfold:3x1)"
    assert main(["show", "folded", "--no-pictures"]) == 0
    shown = " ".join(capfd.readouterr().out.split())
    assert words in shown and "no other label was used" in shown
    assert main(["show", "folded", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["validation"] == "kfold:3x1"
    parent = load_study("folded").parent_run_id
    run = mlflow.MlflowClient(f"sqlite:///{here}/mlflow.db").get_run(parent)
    assert run.data.tags["validation"] == "kfold:3x1"
    assert words in run.data.tags["mlflow.note.content"].replace("\\", "")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"validation": "kfold:3x2"}, "validation: the study has kfold:3x1, you ask for kfold:3x2"),
        ({"validation": "split"}, "validation: the study has kfold:3x1, you ask for split"),
    ],
)
def test_it_goes_on_only_as_it_was_validated(here: Path, changes: dict, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        search("subset_strategy", study="folded", local=True, **changes)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"validation": "kfold:7x1"}, "of the 60 labels. Got: 'kfold:7x1'. The most folds"),
        ({"validation": "kfold:3x1", "val_size": 10}, "no images are set aside, so there is no "
         "val_size"),
        ({"validation": "fold"}, "kfold:FOLDSxREPEATS"),
        ({"validation": "kfold:3x1", "settings": {"attack": "fgsm"}}, "attack=fgsm"),
        ({"validation": "kfold:3x1", "objective": "val_acc,robust_score"}, "robust_score is "
         "measured on images that are set aside, and validation=kfold:3x1 sets none aside."),
    ],
)  # fmt: skip
def test_what_cannot_be_searched_so_is_told_before_anything_runs(
    here: Path, changes: dict, says: str
) -> None:
    with pytest.raises(UsageError) as caught:
        search("subset_strategy", **{**SMALL, **changes})
    assert says in str(caught.value)


@pytest.mark.slow
def test_strategies_are_compared_on_the_same_labelled_draws(here: Path) -> None:
    """Two strategies, two repeats: each repeat has one split seed, and its own folds."""
    found = compare("folded", by="subset", repeats=2, local=True)
    trials = load_study("folded-by-subset").results
    seeds = {(t.params["arm"], t.params["repeat"]): t.config["split_seed"] for t in trials}
    for repeat in (0, 1):
        assert len({seed for (_, each), seed in seeds.items() if each == repeat}) == 1
    assert found.overlap == pytest.approx(60 / 1438)
    assert {arm.name for arm in found.arms} == {"random", "margin:pool=10000"}
    (sentence,) = found.sentences
    assert "random" in sentence and "margin:pool=10000" in sentence
