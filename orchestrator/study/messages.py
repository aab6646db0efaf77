"""What passes between the study and whoever runs a trial, near or far: plain frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Failure = Literal["infeasible", "failed", "bug", "lost", "stopped"]
"""`infeasible`: never try it again; `failed`: went wrong for a reason we know; `bug`: an exception
nobody expected; `lost`: the worker went away without a record, so it is not the trial's fault;
`stopped`: the search was, and a successor of the trial waits for it to go on."""


@dataclass(frozen=True)
class Assignment:
    """One attempt at one trial, ready to be sent to a worker.

    Args:
        config: the whole TrialConfig as JSON (for a trainable of one's own, any mapping).
        trainable: `module:function`, a generator function of reports that takes the config.
        attempt: 1 for the first; a lost worker's trial comes back with the next number.
    """

    number: int
    label: str
    config: Mapping[str, Any]
    folder: str
    trainable: str
    attempt: int = 1


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
