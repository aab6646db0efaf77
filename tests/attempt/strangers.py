"""Trainables of somebody else, who knows neither our configs nor our reports."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Iterator
from functools import wraps
from pathlib import Path
from typing import Any

import numpy as np

from search_spaces.errors import (
    Diverged,
    InfeasibleTrial,
    TrialFailed,
    UnavailableError,
    UsageError,
)
from trainables.checkpoint import Checkpoint
from trainables.reports import EpochReport, Progress, TrialReport

Config = dict[str, Any]


def plain(config: Config) -> Iterator[dict[str, float]]:
    """Counts by itself."""
    for i in range(config["epochs"]):
        yield {"height": config["x"] * (i + 1)}


def numbered(config: Config) -> Iterator[dict[str, float]]:
    """Names its epochs, every other one."""
    for epoch in range(2, config["epochs"] + 1, 2):
        yield {"epoch": epoch, "height": config["x"]}


def returning(config: Config) -> Any:
    """Has a result of its own beside its epochs."""
    yield {"height": 1.0}
    yield {"height": 2.0}
    return {"best": 1.0, "epoch": 1}


def only_result(config: Config) -> Any:
    """No epochs at all."""
    yield Progress("thinking")
    return {"height": 3}


def reporting(config: Config) -> Iterator[Any]:
    """Uses the values of trainables/reports.py."""
    yield Progress("warming up", 1, 2)
    yield EpochReport(1, {"height": 1.0})
    yield TrialReport({"height": 5.0})


def yielding_all(config: Config) -> Iterator[Any]:
    """Everything it is told to yield."""
    yield from config["what"]


def raising(config: Config) -> Iterator[Any]:
    """Whatever it is told to raise, after an epoch."""
    yield {"height": 1.0}
    raise FAILURES[config["what"]]()


def allocating(config: Config) -> Iterator[Any]:
    """Asks for more memory than there is."""
    yield {"height": 1.0}
    if config["what"] == "torch":
        import torch

        torch.empty(1 << 55)
    np.empty(1 << 55)


def exiting(config: Config) -> Iterator[Any]:
    """Ends the process, or so it thinks."""
    yield {"height": 1.0}
    raise SystemExit(3)


def changing(config: Config) -> Iterator[Any]:
    """Does to its config what it should not."""
    config["deep"]["list"].append(1)
    config.clear()
    yield {"height": 1.0}


def walk(config: Config, checkpoint: Checkpoint) -> Iterator[dict[str, float]]:
    """A random walk that goes on exactly where it stood; `dies_at` is an epoch that kills it."""
    rng = np.random.default_rng(config["seed"])
    state = checkpoint.load() or {"epoch": 0, "at": 0.0, "rng": rng.bit_generator.state}
    rng.bit_generator.state = state["rng"]
    at = state["at"]
    for epoch in range(state["epoch"] + 1, config["epochs"] + 1):
        at += rng.normal()
        yield {"at": at, "parts": config.get("accumulation", 1)}
        if checkpoint.due():
            checkpoint.save({"epoch": epoch, "at": at, "rng": rng.bit_generator.state})
        mark = Path(config["mark"]) if "mark" in config else None
        if mark and epoch == config["dies_at"] and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)


def forgetful(config: Config, checkpoint: Checkpoint) -> Iterator[dict[str, float]]:
    """Saves, but starts anew each time."""
    for epoch in range(1, config["epochs"] + 1):
        yield {"at": float(epoch)}
        checkpoint.save({"epoch": epoch})


def runs(config: Config, checkpoint: Checkpoint) -> Iterator[dict[str, Any]]:
    """Leaves a line for each epoch that it computes; the result knows the run's length."""
    state = checkpoint.load() or {"epoch": 0}
    for epoch in range(state["epoch"] + 1, config["epochs"] + 1):
        with Path(config["log"]).open("a") as log:
            log.write(f"{config['epochs']}:{epoch}{':short' if config.get('cheap') else ''}\n")
        yield {"loss": 1 / epoch}
        checkpoint.save({"epoch": epoch})
    return {"score": config["epochs"] / 10, "cheap": config.get("cheap", False)}


def wrapped(function: Any) -> Any:
    """A decorator, as people have them."""

    @wraps(function)
    def call(*arguments: Any) -> Any:
        return function(*arguments)

    return call


@wrapped
def decorated(config: Config) -> Iterator[dict[str, float]]:
    """Behind a decorator."""
    yield {"height": 1.0}


def optional(config: Config, verbose: bool = False, *, checkpoint: Any = None) -> Iterator[Any]:
    """Has parameters that nobody gives it."""
    yield {"height": 1.0, "has_checkpoint": checkpoint is not None}


def not_a_generator(config: Config) -> dict[str, float]:
    """Returns where it should yield."""
    return {"height": 1.0}


def no_config() -> Iterator[Any]:
    """Takes nothing."""
    yield {"height": 1.0}


def checkpoint_first(checkpoint: Any) -> Iterator[Any]:
    """Takes no config either."""
    yield {"height": 1.0}


def greedy(config: Config, loader: Any) -> Iterator[Any]:
    """Wants what nobody gives it."""
    yield {"height": 1.0}


number = 5


class OutOfMemoryError(RuntimeError):
    """Of a library that we do not know."""


def _torchs_own() -> type[Exception]:
    import torch

    return torch.OutOfMemoryError


FAILURES: dict[str, Any] = {
    "infeasible": lambda: InfeasibleTrial("too small"),
    "diverged": lambda: Diverged("the loss is nan at step 7"),
    "failed": lambda: TrialFailed("the file is gone"),
    "usage": lambda: UsageError("A rule."),
    "unavailable": lambda: UnavailableError("CIFAR-10"),
    "bug": lambda: ZeroDivisionError("a mistake"),
    "memory": MemoryError,
    "torch": lambda: _torchs_own()("CUDA out of memory. Tried to allocate 2 GiB"),
    "cublas": lambda: RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling"),
    "unknown library": lambda: OutOfMemoryError("no more"),
    "mmap": lambda: OSError(errno.ENOMEM, "Cannot allocate memory"),
    "full": lambda: OSError(errno.ENOSPC, "No space left on device"),
    "quota": lambda: OSError(errno.EDQUOT, "Disk quota exceeded"),
    "not there": lambda: FileNotFoundError(errno.ENOENT, "No such file", "data.npy"),
}
