"""Trainables that need no images, for tests of the engine; `lr` steers what they do."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Generator
from pathlib import Path

from search_spaces.errors import InfeasibleTrial, TrialFailed
from trainables.config import TrialConfig
from trainables.reports import EpochReport, Progress, Report, TrialReport


def quadratic(config: TrialConfig) -> Generator[Report, None, None]:
    """`val_acc` is 1 - (dropout - 0.3)^2 in the end, approached over `epochs`."""
    yield Progress("warming up", 1, 2)
    final = 1 - (config.dropout - 0.3) ** 2
    for epoch in range(1, config.epochs + 1):
        yield EpochReport(epoch, {"val_acc": final * epoch / config.epochs})
    yield TrialReport({"val_acc": final, "process": float(os.getpid())})


def slow(config: TrialConfig) -> Generator[Report, None, None]:
    """As `quadratic`, a tenth of a second an epoch."""
    for report in quadratic(config):
        time.sleep(0.1)
        yield report


def counted(config: TrialConfig) -> Generator[Report, None, None]:
    """Waits for `seed` trials side by side, lingers, and says how many there were at most."""
    assert config.data_dir is not None
    folder = Path(config.data_dir)
    mark = folder / f"running-{os.getpid()}-{time.time_ns()}"
    mark.touch()
    most, left = 0, 30.0
    while left > 0:
        most = max(most, len(list(folder.glob("running-*"))))
        if most >= config.seed:
            (folder / "reached").touch()
        left = min(left, 1.0) if (folder / "reached").exists() else left
        left -= 0.1
        time.sleep(0.1)
        yield Progress("waiting for company")
    mark.unlink()
    yield TrialReport({"val_acc": config.dropout, "most_at_once": float(most)})


def endless(config: TrialConfig) -> Generator[Report, None, None]:
    """Never ends by itself."""
    del config
    epoch = 0
    while True:
        time.sleep(0.05)
        epoch += 1
        yield EpochReport(epoch, {"val_acc": 0.5})


def picky(config: TrialConfig) -> Generator[Report, None, None]:
    """Ends as `batch_size` says: 16 infeasible, 32 failed, 64 a bug, 128 NaN, 256 silent."""
    yield Progress("starting")
    if config.batch_size == 16:
        raise InfeasibleTrial("images of 8 px are too small for this net")
    if config.batch_size == 32:
        raise TrialFailed("the loss is not finite at step 7")
    if config.batch_size == 64:
        raise ZeroDivisionError("a mistake in the trial's own code")
    if config.batch_size == 128:
        yield TrialReport({"val_acc": float("nan")})
    elif config.batch_size != 256:
        yield TrialReport({"val_acc": 0.9})


def dies_once(config: TrialConfig) -> Generator[Report, None, None]:
    """Its process is killed the first time; a file in `data_dir` remembers that."""
    assert config.data_dir is not None
    mark = Path(config.data_dir) / "died"
    yield EpochReport(1, {"val_acc": 0.1})
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    yield TrialReport({"val_acc": 0.8})


def dies_always(config: TrialConfig) -> Generator[Report, None, None]:
    """Its process is killed every time."""
    del config
    yield EpochReport(1, {"val_acc": 0.1})
    os.kill(os.getpid(), signal.SIGKILL)
