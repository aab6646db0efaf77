"""One pass: what MLflow holds after it, and that a second pass changes nothing."""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from mlflow import MlflowClient

from orchestrator.tracking.result import read_result
from orchestrator.tracking.sync import sync
from search_spaces.errors import UnknownNameError

# Rows of these tables are what a person sees; a second pass may change none of their counts.
_TABLES = ("runs", "metrics", "params", "tags", "inputs", "datasets", "logged_models")


def _rows(store: str) -> dict[str, int]:
    with sqlite3.connect(store.removeprefix("sqlite:///")) as database:
        return {t: database.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in _TABLES}


@pytest.fixture
def whole(make_study: Callable, store: str):
    """A study with a trial in every state."""
    study = make_study(store)
    study.add_finished(0.80, lr=1e-3)
    study.add_finished(0.85)
    study.add_unsuccessful("pruned", "alexnet needs 63 px")
    study.add_unsuccessful("failed", "the loss was not finite")
    study.add_running(epochs=3)
    return study


def _runs(study, client: MlflowClient):
    experiment = client.get_experiment_by_name("orchestrator")
    runs = client.search_runs([experiment.experiment_id], max_results=100)
    return {run.data.tags.get("orchestrator.trial", ""): run for run in runs}


def test_one_run_a_trial_and_one_for_the_study(whole, store: str) -> None:
    result = sync(whole.storage, whole.name)
    client = MlflowClient(store)
    runs = _runs(whole, client)
    assert result.complete, result
    assert len(runs) == 6
    parent = runs[""]
    assert parent.info.run_name == "compare-1"
    assert result.parent_run_id == parent.info.run_id
    for number, label in enumerate(whole.labels):
        run = runs[f"compare-1/{number}"]
        assert run.info.run_name == label
        assert run.data.tags["mlflow.parentRunId"] == parent.info.run_id
        assert result.run_ids[number] == run.info.run_id
        assert run.info.start_time == (1_790_000_010 + 20 * number) * 1000
    states = {run.data.tags["state"]: run.info.status for run in runs.values()}
    assert states == {
        "search": "RUNNING",
        "finished": "FINISHED",
        "pruned": "KILLED",
        "failed": "FAILED",
        "running": "RUNNING",
    }
    assert runs["compare-1/3"].data.tags["reason"] == "the loss was not finite"
    assert read_result(whole.folder) == result


def test_metrics_params_tags_and_data_of_a_finished_trial(whole, store: str) -> None:
    sync(whole.storage, whole.name)
    client = MlflowClient(store)
    run = _runs(whole, client)["compare-1/1"]
    history = client.get_metric_history(run.info.run_id, "val_loss")
    assert [(row.step, row.timestamp) for row in history] == [
        (epoch, (1_790_000_030 + epoch) * 1000) for epoch in range(1, 7)
    ]
    assert run.data.metrics["val_acc"] == 0.85
    assert run.data.metrics["train_acc"] == 0.99  # the final one, not the last epoch's
    assert run.data.metrics["fgsm_acc_eps_0.5"] == pytest.approx(0.85 * 0.8)
    curve = client.get_metric_history(run.info.run_id, "robustness/fgsm_acc_by_eps")
    assert {row.step: row.value for row in curve}[16] == pytest.approx(0.85 * 0.03)
    assert sorted(row.step for row in curve) == [0, 1, 2, 4, 8, 16, 32]
    assert run.data.params["backbone"] == "tf_efficientnet_lite0"
    assert run.data.params["eps_255"] == "0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0"
    tags = run.data.tags
    assert tags["space"] == "backbone_compare" and tags["weights_digest"] == "random-0"
    assert tags["data_digest"] == "d" * 16 and tags["split_digest"] == "5" * 16
    inputs = {i.dataset.name: i.tags[0].value for i in run.inputs.dataset_inputs}
    assert inputs == {"cifar10 train": "train", "cifar10 validation": "validation"}
    names = {entry.path for entry in client.list_artifacts(run.info.run_id)}
    assert names == {
        "config.json",
        "history.json",
        "report.json",
        "predictions.parquet",
        "head.safetensors",
        "confusion_train.csv",
        "confusion_val.csv",
        "summary.png",
    }
    failed = _runs(whole, client)["compare-1/3"]
    assert {e.path for e in client.list_artifacts(failed.info.run_id)} == {
        "config.json",
        "error.txt",
    }


def test_sending_twice_doubles_nothing(whole, store: str) -> None:
    sync(whole.storage, whole.name)
    once = _rows(store)
    sync(whole.storage, whole.name, again=True)
    sync(whole.storage, whole.name, again=False)
    assert _rows(store) == once
    assert once["runs"] == 6


def test_every_step_of_every_metric_stands_once(whole, store: str) -> None:
    sync(whole.storage, whole.name)
    sync(whole.storage, whole.name)
    client = MlflowClient(store)
    for run in _runs(whole, client).values():
        for name in run.data.metrics:
            steps = Counter(row.step for row in client.get_metric_history(run.info.run_id, name))
            # The one exception: a final figure that differs from the last epoch's.
            allowed = 2 if name in ("train_acc",) else 1
            assert max(steps.values()) <= allowed, (name, steps)


def test_a_running_trial_goes_on_and_ends(whole, store: str) -> None:
    sync(whole.storage, whole.name, live=True)
    client = MlflowClient(store)
    run_id = _runs(whole, client)["compare-1/4"].info.run_id
    assert len(client.get_metric_history(run_id, "val_acc")) == 3
    whole.finish_running(4, 0.9)
    sync(whole.storage, whole.name)
    runs = _runs(whole, client)
    assert len(runs) == 6
    assert runs["compare-1/4"].info.status == "FINISHED"
    assert runs["compare-1/4"].info.end_time == (1_790_000_010 + 80 + 15) * 1000
    assert runs[""].info.status == "FINISHED"
    assert runs[""].data.metrics["best_val_acc"] == 0.9
    best = client.get_metric_history(runs[""].info.run_id, "best_val_acc")
    assert [row.value for row in sorted(best, key=lambda row: row.step)] == [0.80, 0.85, 0.9]


def test_a_flat_list_sorted_by_accuracy_begins_with_trials(whole, store: str) -> None:
    sync(whole.storage, whole.name)
    client = MlflowClient(store)
    experiment = client.get_experiment_by_name("orchestrator").experiment_id
    runs = client.search_runs([experiment], order_by=["metrics.val_acc DESC"])
    assert [run.info.run_name for run in runs[:2]] == [whole.labels[1], whole.labels[0]]
    assert "val_acc" not in _runs(whole, client)[""].data.metrics


def test_description_answers_and_links_to_every_child(whole, store: str) -> None:
    result = sync(whole.storage, whole.name)
    text = _runs(whole, MlflowClient(store))[""].data.tags["mlflow.note.content"]
    assert "Which pretrained backbone" in text
    # Wilson's interval of 85 of 100, by hand: (0.7672, 0.9069)
    assert "85.0 (76.7-90.7)" in text
    for run_id in result.run_ids.values():
        assert f"](#/experiments/{result.experiment_id}/runs/{run_id})" in text
    assert "densenet161: the hub cannot be reached" in text.replace("\\", "")
    assert "orchestrator resume compare-1" in text  # three of four trials are settled


def test_stops_short_of_the_deadline_and_says_what_is_left(whole, store: str) -> None:
    result = sync(whole.storage, whole.name, deadline=0.0)
    assert result.left and not result.complete
    assert "orchestrator sync compare-1" in result.unsent
    assert sync(whole.storage, whole.name).complete


def test_artifacts_lie_beside_the_store_whatever_the_working_folder(
    make_study: Callable, store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "else where"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    study = make_study(store, experiment="name with spaces / and more")
    study.add_finished(0.8)
    assert sync(study.storage, study.name).complete
    assert not list(elsewhere.iterdir())
    assert len(list((tmp_path / "mlruns").rglob("summary.png"))) == 1


def test_two_studies_of_one_name_share_a_store(
    make_study: Callable, store: str, tmp_path: Path
) -> None:
    first = make_study(store)
    first.add_finished(0.8)
    sync(first.storage, first.name)
    (tmp_path / "b").mkdir()
    second = make_study(store, root=tmp_path / "b")
    spec = second.study.user_attrs["spec"]
    second.study.set_user_attr("spec", {**spec, "created": spec["created"] + 1})
    second.add_finished(0.7)
    sync(second.storage, second.name)
    assert _rows(store)["runs"] == 4


def test_a_damaged_file_is_no_obstacle(whole, store: str) -> None:
    folder = whole.folder / "trials" / "00000"
    (folder / "report.json").write_text("{")
    (folder / "examples.npz").write_bytes(b"PK")
    os.truncate(folder / "history.json", 20)
    result = sync(whole.storage, whole.name)
    assert result.complete
    assert _runs(whole, MlflowClient(store))["compare-1/0"].data.metrics["val_acc"] == 0.80


def test_an_unknown_study_lists_those_there_are(whole) -> None:
    with pytest.raises(UnknownNameError, match="compare-1"):
        sync(whole.storage, "compare-2")
