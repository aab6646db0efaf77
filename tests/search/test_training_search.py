"""Searches that train whole nets: from scratch and from pretrained weights, side by side."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import mlflow
import optuna
import psutil
import pytest
from auditing import assert_clean, audit
from safetensors import SafetensorError, safe_open
from shells import Shell

NETS = ("resnet9", "mini_vgg", "mlp", "tf_efficientnet_lite0")
# What a state dict holds beside parameters: BatchNorm's statistics, the head's fixed scale.
BUFFERS = ("running_mean", "running_var", "num_batches_tracked", "mean_F", "scale_F")
EPOCHS = 16
TINY = (
    "--data", "digits", "--train-size", "60", "--val-size", "40", "--robust-size", "8",
    "--set", "tune=all", "--set", "epochs=2", "--set", "width=8", "--set", "depth=2",
    "--backbones", "mini_vgg,mlp", "--local", "--keep-models", "0",
)  # fmt: skip
REAL = (
    "--train-size", "200", "--val-size", "100", "--robust-size", "8", "--set", "tune=all",
    "--set", "batch_size=32", "--keep-models", "0",
)  # fmt: skip


def trials_of(folder: Path, study: str) -> list[optuna.trial.FrozenTrial]:
    """As Optuna itself reads them."""
    held = optuna.load_study(study_name=study, storage=f"sqlite:///{folder}/optuna.db")
    return held.trials


def steps_in_mlflow(folder: Path, run_id: str, metric: str) -> list[int]:
    client = mlflow.MlflowClient(f"sqlite:///{folder}/mlflow.db")
    return [held.step for held in client.get_metric_history(run_id, metric)]


def parameter_count(weights: Path) -> int:
    with safe_open(weights, framework="numpy") as file:
        names = [name for name in file.keys() if not name.endswith(BUFFERS)]  # noqa: SIM118
        return sum(file.get_tensor(name).size for name in names)


@pytest.mark.slow
def test_two_tiny_nets_from_scratch_leave_the_same_story_everywhere(shell: Shell):
    answer = shell.json("search", "backbone_compare", *TINY, "--study", "tiny", "--trials", "2")
    assert_clean(audit(shell.folder, "tiny"))
    assert [trial["params"]["backbone"] for trial in answer["trials"]] == ["mini_vgg", "mlp"]
    # Digits are 8 x 8 pixels: both nets see them at the 32 px that they are made for.
    trials = trials_of(shell.folder, "tiny")
    assert [trial.user_attrs["config"]["input_size"] for trial in trials] == [32, 32]
    assert all("input_size" not in trial.params for trial in trials)
    for trial in answer["trials"]:
        assert steps_in_mlflow(shell.folder, trial["run_id"], "val_loss")[:2] == [1, 2]
    # 3 x 32 x 32 pixels, two hidden layers of 8, 10 classes: each with its bias.
    weights = shell.folder / ".orchestrator/tiny/trials/00001/weights.safetensors"
    assert parameter_count(weights) == (3072 * 8 + 8) + (8 * 8 + 8) + (8 * 10 + 10)


@pytest.fixture
def search(shell: Shell) -> Iterator[subprocess.Popen[str]]:
    """All four nets, one trial at a time, under Ray."""
    process = shell.start(
        *("search", "backbone_compare", *REAL, "--study", "nets", "--trials", "4"),
        *("--backbones", ",".join(NETS), "--set", f"epochs={EPOCHS}", "--concurrency", "1"),
        "--json",
    )
    yield process
    if process.poll() is None:
        process.terminate()
        process.wait(90)


def saved_epoch(trial: Path) -> int:
    """Of the newest checkpoint in a trial's folder, as its file says; 0 for none."""
    path = trial / "checkpoint" / "state.safetensors"
    with suppress(OSError, SafetensorError), safe_open(path, framework="numpy") as file:
        return int(file.metadata()["epoch"])
    return 0


def kill_worker(driver: int) -> float:
    """SIGKILL to Ray's worker that runs trials; when it was, Unix seconds."""
    workers = [
        process
        for process in psutil.Process(driver).children(recursive=True)
        if (name := " ".join(process.cmdline())).startswith("ray::") and ".train" in name
    ]
    assert workers
    at = time.time()
    for worker in workers:
        worker.kill()
    return at


def rows_of(trial: Path) -> list[dict[str, Any]]:
    return json.loads((trial / "history.json").read_text())


@pytest.mark.slow
@pytest.mark.needs("npm", "wheels")
@pytest.mark.timeout(1500)
def test_nets_train_under_ray_and_one_goes_on_after_its_worker_was_killed(
    shell: Shell, search: subprocess.Popen[str]
):
    home = shell.folder / ".orchestrator" / "nets" / "trials"
    until = time.monotonic() + 600
    while saved_epoch(home / "00000") < 2:
        assert search.poll() is None, search.communicate()
        assert time.monotonic() < until, "no checkpoint"
        time.sleep(0.05)
    struck = kill_worker(search.pid)
    kept = saved_epoch(home / "00000")
    done = [row["epoch"] for row in rows_of(home / "00000")]
    assert 2 <= kept < EPOCHS
    assert done[-1] in (kept, kept + 1)  # killed as soon as there was something to go on from

    out, err = search.communicate(timeout=1200)
    assert search.returncode == 0, err
    assert_clean(audit(shell.folder, "nets"))
    answer = json.loads(out)
    assert [trial["state"] for trial in answer["trials"]] == ["finished"] * 4
    assert [trial["params"]["backbone"] for trial in answer["trials"]] == list(NETS)
    assert [trial["attempt"] for trial in answer["trials"]] == [2, 1, 1, 1]

    # Each epoch is there once, and those of the second attempt follow those of the first.
    second = home / "00000-2"
    rows = rows_of(second)
    assert [row["epoch"] for row in rows] == list(range(1, EPOCHS + 1))
    assert [row["epoch"] for row in rows if row["time"] < struck] == done
    run_id = answer["trials"][0]["run_id"]
    assert steps_in_mlflow(shell.folder, run_id, "lr") == [row["epoch"] for row in rows]
    # It went on from the checkpoint, which holds the seconds that its epochs took: an attempt that
    # began anew would have trained for no longer than it was there.
    there = rows[-1]["time"] - (second / "config.json").stat().st_mtime
    assert answer["trials"][0]["metrics"]["train_seconds"] > there + 3
    assert parameter_count(second / "weights.safetensors") == 6_573_120

    sizes = {
        trial.params["backbone"]: trial.user_attrs["config"]["input_size"]
        for trial in trials_of(shell.folder, "nets")
    }
    assert [sizes[name] for name in NETS[:3]] == [32, 32, 32]
    assert sizes[NETS[3]] >= 64
    # 200 labels and a handful of epochs: a pretrained body is far ahead of what starts at random.
    accuracy = [trial["metrics"]["val_acc"] for trial in answer["trials"]]
    assert accuracy[3] == max(accuracy)


@pytest.mark.slow
@pytest.mark.needs("npm")
@pytest.mark.timeout(900)
def test_a_net_that_learns_nothing_is_stopped_after_a_whole_short_run(shell: Shell):
    """Two good learning rates first, then one at which nothing moves."""
    tries = [f"backbone=mlp,lr={lr},dropout=0.1,weight_decay=0.01" for lr in (3e-4, 1e-3, 1e-5)]
    answer = shell.json(
        *("search", "backbone_compare", *REAL, "--study", "short", "--trials", "3"),
        *("--backbones", "mlp", "--set", "epochs=8", "--pruner", "asha:first_rung=2,reduction=2"),
        *(word for point in tries for word in ("--try", point)),
        *("--concurrency", "1"),
        timeout=800,
    )
    assert_clean(audit(shell.folder, "short"))
    assert [trial["state"] for trial in answer["trials"]][2] == "pruned"
    held = trials_of(shell.folder, "short")
    assert sorted(held[0].intermediate_values) == [2, 4, 8]  # whole runs of so many epochs
    assert max(held[2].intermediate_values) < 8
