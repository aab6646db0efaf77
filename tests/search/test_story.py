"""Whole searches through the command line, on real Ray, Optuna and MLflow."""

from __future__ import annotations

import math
import os
import signal
import time
from pathlib import Path

import mlflow
import optuna
import psutil
import pytest
from shells import SMALL, Shell

from orchestrator import load_study


def mlflow_runs(folder: Path) -> tuple[list, list]:
    """Parents and children in the folder's MLflow store."""
    client = mlflow.MlflowClient(f"sqlite:///{folder}/mlflow.db")
    found = client.search_runs([e.experiment_id for e in client.search_experiments()])
    children = [run for run in found if "mlflow.parentRunId" in run.data.tags]
    return [run for run in found if run not in children], children


def test_a_search_leaves_the_same_story_everywhere(shell: Shell):
    answer = shell.json("search", "backbone_compare", *SMALL, "--study", "story", "--trials", "3")
    assert [trial["state"] for trial in answer["trials"]] == ["finished"] * 3
    best = max(trial["metrics"]["val_acc"] for trial in answer["trials"])
    assert answer["best"]["metrics"]["val_acc"] == best

    study = optuna.load_study(study_name="story", storage=f"sqlite:///{shell.folder}/optuna.db")
    assert study.best_value == best
    parents, children = mlflow_runs(shell.folder)
    assert [run.info.run_id for run in parents] == [answer["parent_run_id"]]
    by_id = {run.info.run_id: run for run in children}
    assert set(by_id) == {trial["run_id"] for trial in answer["trials"]}
    for trial in answer["trials"]:
        held = by_id[trial["run_id"]].data.metrics
        for name in ("val_acc", "train_acc", "val_loss", "robust_acc", "robust_score", "fgsm_acc"):
            assert held[name] == pytest.approx(trial["metrics"][name], abs=1e-9)

    frame = load_study("story", storage=f"sqlite:///{shell.folder}/optuna.db").trials
    assert list(frame["number"]) == [0, 1, 2]
    assert frame["val_acc"].max() == best
    folder = shell.folder / ".orchestrator" / "story" / "trials" / "00000"
    assert {path.name for path in folder.iterdir()} >= {
        "config.json", "history.json", "report.json", "predictions.parquet", "examples.npz",
        "weights.safetensors",
    }  # fmt: skip
    metrics = [trial["metrics"] for trial in answer["trials"]]
    assert all(math.isfinite(value) for held in metrics for value in held.values())


def wait_for(condition, seconds: float = 120) -> None:
    """Wait until `condition()`; fail after `seconds`."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.2)


def trials_on(folder: Path) -> int:
    """How many trials have started."""
    return len(list(folder.glob(".orchestrator/*/trials/*")))


@pytest.mark.slow
def test_ctrl_c_stops_cleanly_and_resume_goes_on(shell: Shell):
    process = shell.start(
        "search", "backbone_compare", *SMALL, "--study", "paused", "--trials", "4"
    )
    wait_for(lambda: trials_on(shell.folder) >= 1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=90)
    assert "orchestrator resume paused" in out + err
    assert "Traceback" not in out + err
    answer = shell.json("resume", "paused", "--local")
    finished = [trial for trial in answer["trials"] if trial["state"] == "finished"]
    assert len(finished) == 4
    assert answer["stopped"] == ""


def descendants(pid: int) -> list[psutil.Process]:
    """All that a driver started, but for two agents of Ray's that take a minute to leave."""
    found = psutil.Process(pid).children(recursive=True)
    return [child for child in found if "Agent" not in " ".join(child.cmdline())]


@pytest.mark.slow
def test_a_killed_driver_loses_nothing(shell: Shell):
    process = shell.start(
        "search", "backbone_compare", *SMALL, "--study", "killed", "--trials", "4"
    )
    wait_for(lambda: trials_on(shell.folder) >= 2)
    started = descendants(process.pid)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    answer = shell.json("resume", "killed", "--local")
    finished = [trial for trial in answer["trials"] if trial["state"] == "finished"]
    assert len(finished) == 4
    assert [trial["state"] for trial in answer["trials"]] == ["finished"] * 4
    _, children = mlflow_runs(shell.folder)
    numbers = sorted(int(run.data.tags["trial"]) for run in children)
    assert numbers == sorted({trial["number"] for trial in answer["trials"] if trial["run_id"]})
    wait_for(lambda: not any(child.is_running() for child in started), 60)


@pytest.mark.slow
def test_one_driver_at_a_time(shell: Shell):
    process = shell.start("search", "backbone_compare", *SMALL, "--study", "one", "--local")
    wait_for(lambda: trials_on(shell.folder) >= 1)
    refused = shell.start("resume", "one")
    out, err = refused.communicate(timeout=90)
    assert refused.returncode == 2, out + err
    assert f"process {process.pid}" in err
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=90)


def test_a_folder_that_cannot_be_written_is_said_so(shell: Shell):
    # Root may write anywhere but in a pseudo file system.
    read_only = Shell(Path("/sys"))
    process = read_only.start("search", "backbone_compare", *SMALL)
    out, err = process.communicate(timeout=90)
    assert process.returncode == 1, out + err
    assert "cannot be had here" in err
    assert "--checkpoints" in err
    assert "Traceback" not in err
