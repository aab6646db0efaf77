"""A space and a trainable of one's own, without images; every run of it leaves lines in a log.

Copied into a working folder: `search logged_trial.py --trainable logged_trial:train
--set log=/absolute/path --set pause=0.05`.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from search_spaces.space import Objective, Params, Space, SpaceContext, TrialLike

EPOCHS = 4


def suggest(trial: TrialLike, context: SpaceContext) -> Params:
    """A place on a line."""
    del context
    return {"x": trial.suggest_float("x", 0.0, 1.0)}


SPACE = Space(
    name="line",
    question="Which x is the nearest to 0.3?",
    suggest=suggest,
    objectives=(Objective("near"),),
    fidelity="epochs",
)


def train(config: dict[str, Any]) -> Generator[dict[str, float], None, dict[str, float]]:
    """`near` is 1 - |x - 0.3|, approached in four epochs of `pause` seconds each.

    Raises:
        ZeroDivisionError: while there is a file `broken` beside the log.
    """
    log, near = Path(config["log"]), 1 - abs(config["x"] - 0.3)
    _write(log, "start", config["x"], 0)
    for epoch in range(1, EPOCHS + 1):
        time.sleep(config["pause"])
        if (log.parent / "broken").exists():
            raise ZeroDivisionError("a mistake in the trial's own code")
        _write(log, "epoch", config["x"], epoch)
        yield {"epoch": epoch, "near": near * epoch / EPOCHS}
    _write(log, "end", config["x"], EPOCHS)
    return {"near": near}


def _write(log: Path, what: str, x: float, epoch: int) -> None:
    """One line at once: several processes write here."""
    line = f"{what} {os.getpid()} {x!r} {epoch} {time.time():.3f}\n"
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)


@dataclass(frozen=True)
class Line:
    """One line of the log."""

    what: str
    pid: int
    x: float
    epoch: int


def read_log(log: Path) -> list[Line]:
    """All lines so far."""
    if not log.exists():
        return []
    rows = [line.split() for line in log.read_text().splitlines()]
    return [Line(what, int(pid), float(x), int(epoch)) for what, pid, x, epoch, _ in rows]


def ends(log: Path) -> Counter[float]:
    """How often each point was run to its end."""
    return Counter(line.x for line in read_log(log) if line.what == "end")
