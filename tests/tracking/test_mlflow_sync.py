"""One pass: what MLflow holds after it, and that a second pass changes nothing."""

from __future__ import annotations

import csv
import os
import sqlite3
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow_server import copy_store
from study_by_hand import BORN, MadeStudy, create_study

from orchestrator.tracking.result import SyncResult, read_result
from orchestrator.tracking.sync import sync
from orchestrator.views.numbers import percent_between
from search_spaces.errors import UnknownNameError

# Rows of these tables are what a person sees; a second pass may change none of their counts.
_TABLES = ("runs", "metrics", "params", "tags", "inputs", "datasets", "logged_models")


def _rows(store: str) -> dict[str, int]:
    with sqlite3.connect(store.removeprefix("sqlite:///")) as database:
        return {t: database.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in _TABLES}


def _whole(root: Path, store: str) -> MadeStudy:
    """A study with a trial in every state."""
    study = create_study(root, store)
    study.add_finished(0.80, lr=1e-3)
    study.add_finished(0.85)
    study.add_unsuccessful("pruned", "vgg16 needs 32 px")
    study.add_unsuccessful("failed", "the loss was not finite")
    study.add_running(epochs=3)
    return study


@dataclass(frozen=True)
class Sent:
    """A study that was sent twice, with the counts of rows after each pass."""

    study: MadeStudy
    store: str
    result: SyncResult
    once: dict[str, int]
    twice: dict[str, int]

    @property
    def client(self) -> MlflowClient:
        return MlflowClient(self.store)

    @property
    def runs(self) -> dict[str, Run]:
        return _runs(self.store)


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory, schema: Path) -> Sent:
    """Looked at by many tests, changed by none."""
    root = tmp_path_factory.mktemp("sent")
    store = copy_store(schema, root)
    study = _whole(root, store)
    result = study.sync(pictures=True)
    once = _rows(store)
    again = study.sync(again=True)
    assert again == result
    return Sent(study, store, result, once, _rows(store))


def _runs(store: str) -> dict[str, Run]:
    """By the trial's tag; the study's own under the empty name."""
    client = MlflowClient(store)
    experiment = client.get_experiment_by_name("orchestrator")
    runs = client.search_runs([experiment.experiment_id], max_results=100)
    return {run.data.tags.get("orchestrator.trial", ""): run for run in runs}


def test_one_run_a_trial_and_one_for_the_study(sent: Sent) -> None:
    runs, study = sent.runs, sent.study
    assert sent.result.complete, sent.result
    assert len(runs) == 6
    assert runs[""].info.run_name == "compare-1"
    assert sent.result.parent_run_id == runs[""].info.run_id
    for number, label in enumerate(study.labels):
        run = runs[f"compare-1/{number}"]
        assert run.info.run_name == label
        assert run.data.tags["mlflow.parentRunId"] == runs[""].info.run_id
        assert sent.result.run_ids[number] == run.info.run_id
        assert run.info.start_time == (1_790_000_010 + 20 * number) * 1000
    states = {run.data.tags["state"]: run.info.status for run in runs.values()}
    assert states == {
        "search": "RUNNING", "finished": "FINISHED", "pruned": "KILLED", "failed": "FAILED",
        "running": "RUNNING",
    }  # fmt: skip
    assert runs["compare-1/3"].data.tags["reason"] == "the loss was not finite"
    assert read_result(study.folder) == sent.result


def test_metrics_of_a_finished_trial(sent: Sent) -> None:
    run = sent.runs["compare-1/1"]
    history = sent.client.get_metric_history(run.info.run_id, "val_loss")
    assert [(row.step, row.timestamp) for row in history] == [
        (epoch, (1_790_000_030 + epoch) * 1000) for epoch in range(1, 7)
    ]
    assert run.data.metrics["val_acc"] == 0.85
    assert run.data.metrics["train_acc"] == 0.99  # the final one, not the last epoch's
    assert run.data.metrics["fgsm_acc_eps_0.5"] == pytest.approx(0.85 * 0.8)
    curve = sent.client.get_metric_history(run.info.run_id, "robustness/fgsm_acc_by_eps")
    assert sorted(row.step for row in curve) == [0, 1, 2, 4, 8, 16, 32]
    assert {row.step: row.value for row in curve}[16] == pytest.approx(0.85 * 0.03)  # 8/255


def test_params_tags_and_data_of_a_finished_trial(sent: Sent) -> None:
    run = sent.runs["compare-1/1"]
    assert run.data.params["backbone"] == "alexnet"
    assert run.data.params["eps_255"] == "0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0"
    tags = run.data.tags
    assert tags["space"] == "backbone_compare" and tags["weights_digest"] == "random-0"
    assert tags["alarms"] == "zero_gradients"
    assert "Do not trust its robustness yet:** 40% are zero." in tags["mlflow.note.content"]
    assert tags["data_digest"] == "d" * 16 and tags["split_digest"] == "5" * 16
    assert tags["mlflow.source.git.commit"] == "abc123"
    inputs = {i.dataset.name: i.tags[0].value for i in run.inputs.dataset_inputs}
    assert inputs == {"cifar10 train": "train", "cifar10 validation": "validation"}


@pytest.mark.parametrize(
    ("trial", "names"),
    [
        (
            "compare-1/1",
            "config.json confusion_train.csv confusion_val.csv weights.safetensors history.json "
            "predictions.parquet report.json summary.png",
        ),
        ("compare-1/3", "config.json error.txt"),
        ("", "comparison.csv comparison.png pictures report"),
    ],
)
def test_artifacts(sent: Sent, trial: str, names: str) -> None:
    entries = sent.client.list_artifacts(sent.runs[trial].info.run_id)
    assert {entry.path for entry in entries} == set(names.split())


def test_sending_twice_doubles_nothing(sent: Sent) -> None:
    assert sent.twice == sent.once
    assert sent.once["runs"] == 6


def test_every_step_of_every_metric_stands_once(sent: Sent) -> None:
    for run in sent.runs.values():
        for name in run.data.metrics:
            history = sent.client.get_metric_history(run.info.run_id, name)
            steps = Counter(row.step for row in history)
            assert max(steps.values()) == 1, (name, steps)
    # A final figure that differs from the last epoch's comes one step later.
    train = sent.client.get_metric_history(sent.runs["compare-1/1"].info.run_id, "train_acc")
    assert [row.step for row in train] == [1, 2, 3, 4, 5, 6, 7] and train[-1].value == 0.99


def test_a_flat_list_sorted_by_accuracy_begins_with_trials(sent: Sent) -> None:
    experiment = sent.client.get_experiment_by_name("orchestrator").experiment_id
    runs = sent.client.search_runs([experiment], order_by=["metrics.val_acc DESC"])
    labels = sent.study.labels
    assert [run.info.run_name for run in runs[:2]] == [labels[1], labels[0]]
    assert "val_acc" not in sent.runs[""].data.metrics


def test_description_answers_and_links_to_every_child(sent: Sent) -> None:
    text = sent.runs[""].data.tags["mlflow.note.content"]
    assert "Which pretrained backbone" in text
    # Wilson's interval of 85 of 100, by hand: (0.7672, 0.9069)
    assert f"**{percent_between(0.85, 0.7672, 0.9069)} %**" in text
    place = f"#/experiments/{sent.result.experiment_id}/runs"
    for run_id in sent.result.run_ids.values():
        assert f"]({place}/{run_id})" in text
    assert "densenet161: the hub cannot be reached" in text
    assert "orchestrator resume compare-1" in text  # three of four trials are settled


def test_comparison_has_every_trial_best_first(sent: Sent, tmp_path: Path) -> None:
    run_id = sent.runs[""].info.run_id
    path = sent.client.download_artifacts(run_id, "comparison.csv", str(tmp_path))
    with Path(path).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["rank"], row["number"]) for row in rows] == [
        ("1", "1"), ("2", "0"), ("", "4"), ("", "2"), ("", "3"),
    ]  # fmt: skip
    assert float(rows[0]["val_acc_low"]) == pytest.approx(0.7672, abs=1e-4)


def test_a_running_trial_goes_on_and_ends(tmp_path: Path, store: str) -> None:
    study = create_study(tmp_path, store, trials=1)
    number = study.add_running(epochs=3)
    study.sync(live=True)
    client = MlflowClient(store)
    run = _runs(store)["compare-1/0"]
    assert (run.info.status, run.data.metrics["val_acc"]) == ("RUNNING", 0.5)
    assert len(client.get_metric_history(run.info.run_id, "val_acc")) == 3
    study.finish_running(number, 0.9)
    assert study.sync().run_ids == {0: run.info.run_id}
    runs = _runs(store)
    assert runs["compare-1/0"].info.status == runs[""].info.status == "FINISHED"
    assert runs["compare-1/0"].info.end_time == (1_790_000_010 + 15) * 1000
    assert len(runs) == 2 and runs[""].data.metrics == {"best_val_acc": 0.9}


def test_stops_short_of_the_deadline_and_says_what_is_left(tmp_path: Path, store: str) -> None:
    study = create_study(tmp_path, store)
    study.add_unsuccessful("failed", "no reason")
    result = study.sync(deadline=0.0)
    assert result.left and "orchestrator sync compare-1" in result.unsent
    assert study.sync().complete


def test_artifacts_lie_beside_the_store_whatever_the_working_folder(
    tmp_path: Path, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "else where"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    study = create_study(tmp_path, store, experiment="name with spaces / and more")
    study.add_unsuccessful("failed", "no reason")
    assert study.sync().complete
    assert not list(elsewhere.iterdir())
    assert len(list((tmp_path / "mlruns").rglob("error.txt"))) == 1


def test_two_studies_of_one_name_share_a_store(tmp_path: Path, store: str) -> None:
    for place, created in (("a", BORN), ("b", BORN + 1)):
        (tmp_path / place).mkdir()
        study = create_study(tmp_path / place, store, created=created)
        study.add_unsuccessful("failed", "no reason")
        study.sync()
    assert _rows(store)["runs"] == 4


def test_a_damaged_file_is_no_obstacle(tmp_path: Path, store: str) -> None:
    study = create_study(tmp_path, store)
    study.add_finished(0.80)
    folder = study.folder / "trials" / "00000"
    (folder / "report.json").write_text("{")
    (folder / "examples.npz").write_bytes(b"PK")
    os.truncate(folder / "history.json", 20)
    assert study.sync().complete
    assert _runs(store)["compare-1/0"].data.metrics["val_acc"] == 0.80


def test_an_unknown_study_lists_those_there_are(tmp_path: Path) -> None:
    study = create_study(tmp_path)
    with pytest.raises(UnknownNameError, match="compare-1"):
        sync(study.storage, "compare-2")
