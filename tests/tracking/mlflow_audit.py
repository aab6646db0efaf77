"""Holds what an MLflow sqlite store has against what a study has, by plain SQL; finds any slip."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote, urlsplit

from optuna.trial import FrozenTrial, TrialState
from plain_study import PlainStudy

_STATUS = {TrialState.COMPLETE: "FINISHED", TrialState.PRUNED: "KILLED", TrialState.FAIL: "FAILED"}


def slips(study: PlainStudy, store: Path, artifacts: Path | None = None) -> list[str]:
    """What is doubled, lost or unfinished, in words; nothing where all is exactly once.

    Args:
        store: MLflow's sqlite file.
        artifacts: root of what a server serves; None where runs name their folders themselves.
    """
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=60)) as database:
        runs = _runs(database, study.name)
        found = [f"{len(runs.get('', []))} runs of the study"] if len(runs.get("", [])) != 1 else []
        for trial in study.study.get_trials(deepcopy=False):
            key = f"{study.name}/{trial.number}"
            ids = runs.pop(key, [])
            if len(ids) != 1:
                found.append(f"{len(ids)} runs of trial {trial.number}")
                continue
            found += _slips_of(database, ids[0], trial, artifacts)
        runs.pop("", None)
        return found + [f"a run of nothing: {key}" for key in runs]


def _runs(database: sqlite3.Connection, name: str) -> dict[str, list[str]]:
    query = """
        SELECT COALESCE(trial.value, ''), runs.run_uuid FROM runs
        JOIN tags AS study ON study.run_uuid = runs.run_uuid AND study.key = 'orchestrator.study'
        LEFT JOIN tags AS trial ON trial.run_uuid = runs.run_uuid
            AND trial.key = 'orchestrator.trial'
        WHERE study.value = ? AND runs.lifecycle_stage = 'active'
    """
    found: dict[str, list[str]] = {}
    for key, run_id in database.execute(query, (name,)):
        found.setdefault(key, []).append(run_id)
    return found


def _slips_of(
    database: sqlite3.Connection, run_id: str, trial: FrozenTrial, artifacts: Path | None
) -> list[str]:
    found = []
    info = "SELECT status, artifact_uri, start_time, end_time FROM runs WHERE run_uuid = ?"
    status, place, began, ended = database.execute(info, (run_id,)).fetchone()
    held = trial.user_attrs
    if status != _STATUS[trial.state]:
        found.append(f"trial {trial.number} is {status}")
    times = [round(1000 * held["start"]["started"]), round(1000 * held["end"]["ended"])]
    if [began, ended] != times:
        found.append(f"trial {trial.number} from {began} to {ended}, not {times}")
    rows = database.execute("SELECT key, step, value FROM metrics WHERE run_uuid = ?", (run_id,))
    metrics = [(key, step, value) for key, step, value in rows]
    doubled = [at for at, count in Counter((k, s) for k, s, _ in metrics).items() if count > 1]
    found += [f"trial {trial.number}: {at} {'twice'}" for at in doubled]
    found += _lost(trial, metrics)
    there = {path.name for path in _folder(place, artifacts).glob("*")}
    folder = Path(held["start"]["folder"])
    wanted = {path.name for path in folder.glob("*") if path.suffix in (".json", ".txt")}
    found += [f"trial {trial.number} lacks {name}" for name in wanted - there]
    latest = "SELECT key, value FROM latest_metrics WHERE run_uuid = ?"
    shown = dict(database.execute(latest, (run_id,)))
    final = held.get("metrics", {})
    found += [f"trial {trial.number} shows {n}" for n in final if shown.get(n) != final[n]]
    return found


def _lost(trial: FrozenTrial, metrics: list[tuple[str, int, float]]) -> list[str]:
    history = Path(trial.user_attrs["start"]["folder"]) / "history.json"
    rows = json.loads(history.read_text()) if history.exists() else []
    wanted = {(n, row["epoch"], v) for row in rows for n, v in row["metrics"].items()}
    return [f"trial {trial.number} lacks {row}" for row in wanted - set(metrics)]


def _folder(uri: str, artifacts: Path | None) -> Path:
    parts = urlsplit(uri)
    if parts.scheme == "mlflow-artifacts":
        assert artifacts is not None
        return artifacts / unquote(parts.path).lstrip("/")
    return Path(unquote(parts.path))
