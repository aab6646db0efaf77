"""Exactly one run a trial, every step once, every file there: whatever dies, and when."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from losing_proxy import losing_proxy
from mlflow import MlflowClient
from mlflow_audit import slips
from mlflow_server import Server
from plain_study import PlainStudy, plain_study

from orchestrator.tracking.projection import Projection
from orchestrator.tracking.result import read_result
from orchestrator.tracking.runs import RunBook

HERE = Path(__file__).parent


def _store(study: PlainStudy) -> Path:
    return Path(study.tracking_uri.removeprefix("sqlite:///"))


def _three(root: Path, store: str, **changes: object) -> PlainStudy:
    study = plain_study(root, store, **changes)
    study.finished(0.1, 0.3, 0.2)
    study.finished(0.4)
    number = study.start()
    study.report(number, 0.2, 0.1)
    study.end(number, "pruned", reason="stopped early at step 2", stopped_at=2)
    return study


@pytest.mark.parametrize(
    "every", [pytest.param(5, id="some"), pytest.param(1, id="all", marks=pytest.mark.slow)]
)
def test_killed_at_any_call(tmp_path: Path, schema: Path, every: int) -> None:
    script = [sys.executable, str(HERE / "kill_at_each_call.py")]
    run = subprocess.run(
        [*script, str(tmp_path), str(schema), str(every)],
        capture_output=True, text=True, timeout=280, env={**os.environ, "PYTHONPATH": str(HERE)},
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-3000:]
    answer = json.loads(run.stdout.splitlines()[-1])
    assert answer["found"] == []
    assert answer["kills"] >= 20 // every


def test_an_answer_that_is_lost_makes_no_second_run(tmp_path: Path, server: Server) -> None:
    with losing_proxy(server.uri) as (uri, proxy):
        study = _three(tmp_path, uri, name="lost-answers", created=1.5e9)
        proxy.lose = {"runs/create": 2, "runs/log-batch": 1, "runs/update": 1}
        for _ in range(4):
            result = study.sync(again=False)
            if result.complete:
                break
        assert result.complete, result
        assert proxy.lost == 4
    assert slips(study, server.folder / "mlflow.db", server.folder / "mlartifacts") == []


def test_calls_a_trial_and_none_once_it_is_sent(tmp_path: Path, server: Server) -> None:
    with losing_proxy(server.uri) as (uri, proxy):
        study = plain_study(tmp_path, uri, name="counted", created=1.45e9)
        projection = Projection(study.storage, study.name)
        projection.run_pass(last=False)
        proxy.seen.clear()
        for _ in range(6):
            study.finished(0.1, 0.2, 0.3)
        projection.run_pass(last=False)
        calls = Counter(re.sub(r".*/", "", seen) for seen in proxy.seen)
        assert {name: count / 6 for name, count in calls.items()} == {
            "create": 1, "config.json": 1, "history.json": 1, "log-batch": 1, "update": 1,
        }  # fmt: skip
        for _ in range(3):  # one of them may send the study's own page, which is due
            proxy.seen.clear()
            projection.run_pass(last=False)
        assert proxy.seen == []
        again = Projection(study.storage, study.name)  # another process: one search for all
        again.run_pass(last=False)
        calls = Counter(re.sub(r".*/", "", seen) for seen in proxy.seen)
        assert calls["create"] == calls["update"] == 0 and calls["search"] == 1, calls


def test_what_was_deleted_by_hand_is_made_anew(tmp_path: Path, store: str) -> None:
    study = _three(tmp_path, store)
    first = study.sync()
    client = MlflowClient(store)
    for run_id in (first.run_ids[1], first.parent_run_id):
        client.delete_run(run_id)
    artifacts = tmp_path / "mlruns" / "orchestrator" / first.run_ids[2] / "artifacts"
    (artifacts / "history.json").unlink()
    second = study.sync()
    assert second.complete and slips(study, _store(study)) == []
    assert first.run_ids[0] == second.run_ids[0] and first.run_ids[2] == second.run_ids[2]
    assert first.run_ids[1] != second.run_ids[1]
    assert first.parent_run_id != second.parent_run_id
    assert study.sync() == second


def test_a_deleted_experiment_comes_back_when_it_is_asked_for(tmp_path: Path, store: str) -> None:
    study = _three(tmp_path, store)
    first = study.sync()
    client = MlflowClient(store)
    client.delete_experiment(first.experiment_id)
    live = study.sync(again=False)
    assert not live.complete and "orchestrator sync" in live.note
    assert study.sync().run_ids == first.run_ids
    assert slips(study, _store(study)) == []


def test_an_emptied_store_and_another_one_are_filled(tmp_path: Path, schema: Path) -> None:
    study = _three(tmp_path, f"sqlite:///{tmp_path}/mlflow.db")
    own = _store(study)
    own.write_bytes(schema.read_bytes())
    first = study.sync()
    own.write_bytes(schema.read_bytes())
    second = study.sync()
    assert second.complete and slips(study, own) == []
    assert set(first.run_ids.values()).isdisjoint(second.run_ids.values())
    other = tmp_path / "other.db"
    other.write_bytes(schema.read_bytes())
    third = study.sync(tracking_uri=f"sqlite:///{other}")
    assert third.complete and slips(study, other) == [] == slips(study, own)
    held = read_result(study.spec.folder)
    assert held and held.run_ids == second.run_ids  # links go to the study's own store


def test_two_runs_of_one_trial_become_one(tmp_path: Path, store: str) -> None:
    study = _three(tmp_path, store)
    experiment = study.sync().experiment_id
    client = MlflowClient(store)
    study.finished(0.5, 0.6)
    # Two trackers on two machines that both looked before either had made it.
    books = [RunBook(client, experiment, study.spec) for _ in range(2)]
    ids = [book.run(3, name="x 0.5", started=1.0).run_id for book in books]
    assert len(set(ids)) == 2
    assert study.sync().run_ids[3] == min(ids)
    found = slips(study, _store(study))
    assert [slip for slip in found if "from 1000" not in slip] == []


def test_a_trial_that_is_stopped_goes_on_in_its_own_run(tmp_path: Path, store: str) -> None:
    study = plain_study(tmp_path, store)
    number = study.start()
    study.report(number, 0.1, 0.2)
    client, run_id = MlflowClient(store), study.sync(live=True).run_ids[0]
    study.give_back(number, "its driver died")
    study.sync()
    run = client.get_run(run_id)
    assert (run.info.status, run.data.tags["reason"]) == ("KILLED", "its driver died")
    study.go_on(number)
    study.report(number, 0.3)
    study.sync(live=True)
    run = client.get_run(run_id)
    assert run.info.status == "RUNNING" and run.data.tags["attempt"] == "2"
    assert "reason" not in run.data.tags
    study.end(number, metrics={"score": 0.3, "loss": 1 / 3})
    assert study.sync().run_ids == {0: run_id}
    assert slips(study, _store(study)) == []
    steps = [row.step for row in client.get_metric_history(run_id, "score")]
    assert sorted(steps) == [1, 2, 3]


def test_files_of_a_lost_machine_come_later_or_never(tmp_path: Path, store: str) -> None:
    study = plain_study(tmp_path, store)
    for _ in range(2):
        number = study.start(driver="elsewhere:7:ffff", with_folder=False)
        study.report(number, 0.1, 0.2, files=False)
        study.end(number, metrics={"score": 0.2, "loss": 0.5})
    live = study.sync(live=True)
    assert live.complete and live.run_ids == {}  # its own machine may send it yet
    result = study.sync()
    assert result.complete and result.without_files == (0, 1)
    client = MlflowClient(store)
    run = client.get_run(result.run_ids[0])
    assert run.info.status == "FINISHED" and run.data.metrics == {"score": 0.2, "loss": 0.5}
    assert "not to be had on this machine" in run.data.tags["mlflow.note.content"]
    study.folder(0).mkdir(parents=True)  # the disk is back
    (study.folder(0) / "config.json").write_text("{}")
    study._write_history(0, {1: 0.1, 2: 0.2})
    again = study.sync()
    assert again.without_files == (1,) and again.run_ids == result.run_ids
    for name, steps in (("score", [1, 2]), ("loss", [1, 2])):
        rows = client.get_metric_history(run.info.run_id, name)
        assert sorted(row.step for row in rows) == steps, name
    names = {entry.path for entry in client.list_artifacts(run.info.run_id)}
    assert names == {"config.json", "history.json"}


def test_a_file_store_that_is_full_costs_no_figures(tmp_path: Path, store: str) -> None:
    study = _three(tmp_path, store)
    (tmp_path / "mlruns").write_text("a file where a folder should be")
    result = study.sync(again=False)
    assert result.left == ("trial 0", "trial 1", "trial 2") and "mlruns" in result.note
    client = MlflowClient(store)
    runs = client.search_runs([result.experiment_id])
    shown = {run.data.tags.get("trial"): run.data.metrics.get("score") for run in runs}
    assert (shown["0"], shown["1"]) == (0.2, 0.4)
    (tmp_path / "mlruns").unlink()
    assert study.sync(again=False).complete
    assert slips(study, _store(study)) == []
