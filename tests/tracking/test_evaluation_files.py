"""Evaluations in a trial's folder: `orchestrator sync` brings them to MLflow in the end."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow_server import copy_store
from study_by_hand import MadeStudy, create_study

from orchestrator.attacking.files import FILE as LADDER
from orchestrator.evaluating.files import PLACE
from orchestrator.study.facts import read_facts
from orchestrator.tracking import trial_run

FILES = {
    "evaluation/evaluation-val.json": b'{"accuracy": 0.5}',
    "evaluation/confusion-val.csv": b"a,b",
    f"evaluation/{LADDER}": b'{"trial": 0}',
    "evaluation/model/evaluation-test.json": b'{"accuracy": 0.25}',
}


@pytest.fixture
def study(tmp_path: Path, store: str) -> MadeStudy:
    """A finished trial that was sent, and evaluated since, while MLflow was away."""
    made = create_study(tmp_path, store)
    folder = _folder(made, made.add_finished(0.8))
    assert made.sync().complete
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (folder / PLACE / ".half.json").write_bytes(b"of a process that was killed")
    return made


def _folder(made: MadeStudy, number: int) -> Path:
    return Path(read_facts(made.study.get_trials(deepcopy=False)[number]).folder)


def _there(uri: str, run_id: str) -> dict[str, bytes]:
    client = MlflowClient(uri)
    entries = [
        entry
        for place in (PLACE, f"{PLACE}/model")
        for entry in client.list_artifacts(run_id, place)
    ]
    return {
        entry.path: Path(client.download_artifacts(run_id, entry.path)).read_bytes()
        for entry in entries
        if not entry.is_dir
    }


def test_what_is_missing_or_old_is_sent_and_nothing_else(
    study: MadeStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial_run.TrialSender, "send", _must_not_be_called)  # no picture again
    result = study.sync(again=True)
    assert result.complete
    assert _there(study.tracking_uri, result.run_ids[0]) == FILES
    path = _folder(study, 0) / "evaluation/evaluation-val.json"
    path.write_bytes(b'{"accuracy": 0.5125}')
    assert study.sync(again=True) == result
    there = _there(study.tracking_uri, result.run_ids[0])
    assert there == {**FILES, "evaluation/evaluation-val.json": path.read_bytes()}
    monkeypatch.setattr(trial_run, "send_evaluations", _must_not_be_called)
    assert study.sync(again=True) == result


def _must_not_be_called(*_: object) -> None:
    raise AssertionError


def test_a_store_made_anew_holds_them(study: MadeStudy, tmp_path: Path, schema: Path) -> None:
    (tmp_path / "new").mkdir()
    uri = copy_store(schema, tmp_path / "new")
    result = study.sync(tracking_uri=uri)
    assert result.complete
    assert _there(uri, result.run_ids[0]) == FILES
