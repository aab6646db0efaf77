"""What passes between the study and whoever runs a trial, near or far: plain frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Failure = Literal["infeasible", "diverged", "memory", "failed", "bug", "lost", "stopped"]
"""Told apart by what happens next.

| failure | what happens next |
| --- | --- |
| `infeasible` | told PRUNED without values: never tried again |
| `diverged` | a figure was not finite: stopped at that step, told PRUNED |
| `memory` | once more in a fresh process with half the batch at a time; then infeasible |
| `failed` | it went wrong for a reason we know: told FAIL, counts towards `--max-failures` |
| `bug` | an exception nobody expected: as `failed`, with the traceback |
| `lost` | its worker went away: goes on from its checkpoint, three times at most |
| `stopped` | the search was: a successor waits for it to go on |
"""


@dataclass(frozen=True)
class Assignment:
    """One attempt at one trial, ready to be sent to a worker.

    Args:
        config: the whole TrialConfig as JSON (for a trainable of one's own, any mapping).
        trainable: `module:function`, a generator function of reports that takes the config.
        trainable_path: a folder to put on the import path first; "" for none.
        attempt: 1 for the first; a lost worker's trial comes back with the next number.
        inherits: folder of the trial that this one goes on from; "" for a fresh start.
        rungs: epochs of the whole short runs that come before the full one.
        short_run: fields of the config in a short run (`{"attack": "none"}`).
        accumulation: parts into which a batch is split, so that less memory suffices.
    """

    number: int
    label: str
    config: Mapping[str, Any]
    folder: str
    trainable: str
    trainable_path: str = ""
    attempt: int = 1
    inherits: str = ""
    rungs: tuple[int, ...] = ()
    short_run: Mapping[str, Any] = field(default_factory=dict)
    accumulation: int = 1


@dataclass(frozen=True)
class Message:
    """One report of a running trial, as it travels.

    Args:
        kind: `progress`, `epoch` or `final`.
        stage, done, total: of a `progress`.
        epoch: of an `epoch`, 1 for the first.
        metrics: of an `epoch` or the `final`.
        worker: host and process id.
    """

    kind: Literal["progress", "epoch", "final"]
    stage: str = ""
    done: int = 0
    total: int = 0
    epoch: int = 0
    metrics: Mapping[str, float] = field(default_factory=dict)
    worker: str = ""
