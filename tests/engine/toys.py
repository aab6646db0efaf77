"""Trainables that need no images, for tests of the engine; `lr` steers what they do."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

from search_spaces.errors import InfeasibleTrial, TrialFailed
from trainables.reports import EpochReport, Progress, Report, TrialReport

Config = dict[str, Any]


def quadratic(config: Config) -> Generator[Report, None, None]:
    """`val_acc` is 1 - (dropout - 0.3)^2 in the end, approached over `epochs`."""
    yield Progress("warming up", 1, 2)
    final = 1 - (config["dropout"] - 0.3) ** 2
    for epoch in range(1, config["epochs"] + 1):
        yield EpochReport(epoch, {"val_acc": final * epoch / config["epochs"]})
    yield TrialReport({"val_acc": final, "process": float(os.getpid())})


def slow(config: Config) -> Generator[Report, None, None]:
    """As `quadratic`, a tenth of a second an epoch."""
    for report in quadratic(config):
        time.sleep(0.1)
        yield report


def counted(config: Config) -> Generator[Report, None, None]:
    """Waits for `seed` trials side by side, lingers, and says how many there were at most."""
    folder = Path(config["data_dir"])
    mark = folder / f"running-{os.getpid()}-{time.time_ns()}"
    mark.touch()
    most, left = 0, 30.0
    while left > 0:
        most = max(most, len(list(folder.glob("running-*"))))
        if most >= config["seed"]:
            (folder / "reached").touch()
        left = min(left, 1.0) if (folder / "reached").exists() else left
        left -= 0.1
        time.sleep(0.1)
        yield Progress("waiting for company")
    mark.unlink()
    yield TrialReport({"val_acc": config["dropout"], "most_at_once": float(most)})


def endless(config: Config) -> Generator[Report, None, None]:
    """Never ends by itself."""
    del config
    epoch = 0
    while True:
        time.sleep(0.05)
        epoch += 1
        yield EpochReport(epoch, {"val_acc": 0.5})


def picky(config: Config) -> Generator[Report, None, None]:
    """By `batch_size`: 8 diverges, 16 infeasible, 32 failed, 64 a bug, 128 NaN, 256 silent."""
    yield Progress("starting")
    if config["batch_size"] == 8:
        yield EpochReport(1, {"val_acc": 0.5, "loss": float("nan")})
    if config["batch_size"] == 16:
        raise InfeasibleTrial("images of 8 px are too small for this net")
    if config["batch_size"] == 32:
        raise TrialFailed("the file is gone")
    if config["batch_size"] == 64:
        raise ZeroDivisionError("a mistake in the trial's own code")
    if config["batch_size"] == 128:
        yield TrialReport({"val_acc": float("nan")})
    elif config["batch_size"] != 256:
        yield TrialReport({"val_acc": 0.9})


def dies_once(config: Config) -> Generator[Report, None, None]:
    """Its process is killed the first time; a file in `data_dir` remembers that."""
    mark = Path(config["data_dir"]) / "died"
    yield EpochReport(1, {"val_acc": 0.1})
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    yield TrialReport({"val_acc": 0.8})


def dies_always(config: Config) -> Generator[Report, None, None]:
    """Its process is killed every time."""
    del config
    yield EpochReport(1, {"val_acc": 0.1})
    os.kill(os.getpid(), signal.SIGKILL)


def costly(config: Config) -> Generator[Report, None, None]:
    """As `quadratic`, at a cost of its own."""
    for report in quadratic(config):
        if isinstance(report, TrialReport):
            report = TrialReport({"val_acc": report.metrics["val_acc"], "cost": config["dropout"]})
        yield report


def hungry(config: Config) -> Generator[Report, None, None]:
    """Has memory for half a batch only."""
    parts = config.get("accumulation", 1)
    if parts == 1:
        raise MemoryError
    yield TrialReport({"val_acc": config["dropout"], "accumulation": float(parts)})


def starving(config: Config) -> Generator[Report, None, None]:
    """Never has enough memory."""
    yield Progress("allocating")
    raise MemoryError


def leaves_word(config: Config) -> Generator[Report, None, None]:
    """As `quadratic`; when it is closed early it says so, with what its config says then."""
    try:
        for report in quadratic(config):
            yield report
            time.sleep(0.05)
    except GeneratorExit:
        name = f"{config['dropout']:.6f}-{os.getpid()}"
        (Path(config["data_dir"]) / name).touch()
        raise
