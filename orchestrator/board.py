"""The board: what is going on right now, written by the engine and read by whoever shows it.

It holds nothing that the study does not hold as well; it only saves the views from asking a
database four times a second.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

STATES = ("waiting", "running", "finished", "pruned", "failed", "stopped")


@dataclass(frozen=True)
class TrialRow:
    """One trial as it stands.

    Args:
        state: one of `STATES`.
        stage: what it is doing, in words; with `done` of `total` where that is known.
        metrics: the newest figures by name.
        seconds: since it started, or in all when it ended.
        expected: seconds in all, by the pace of its epochs; None before the first one.
        reason: why it was pruned or failed, in words.
    """

    number: int
    label: str
    state: str = "running"
    stage: str = "starting"
    done: int = 0
    total: int = 0
    metrics: Mapping[str, float] = field(default_factory=dict)
    started: float = 0.0
    seconds: float = 0.0
    expected: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class SearchSnapshot:
    """The whole search at one moment; `seconds_left` is None while nothing can be said."""

    study: str
    metric: str
    total: int
    finished: int
    rows: tuple[TrialRow, ...]
    best: TrialRow | None
    seconds: float
    seconds_left: float | None
    message: str = ""


class Board:
    """Thread-safe; the engine calls `post`, views call `snapshot`.

    Args:
        metric: the first objective.
        maximize: its direction.
        expected: seconds that the plan expects the whole search to take.
        concurrency: trials at a time.
    """

    def __init__(
        self,
        study: str,
        *,
        total: int,
        metric: str,
        maximize: bool = True,
        expected: float | None = None,
        concurrency: int = 1,
    ) -> None:
        self._lock = threading.Lock()
        self._study, self._total, self._metric = study, total, metric
        self._sign = 1.0 if maximize else -1.0
        self._expected, self._concurrency = expected, max(1, concurrency)
        self._rows: dict[int, TrialRow] = {}
        self._earlier = 0
        self._message = ""
        self._started = time.time()

    def adopt(self, rows: tuple[TrialRow, ...]) -> None:
        """Show trials that an earlier session of this study finished."""
        with self._lock:
            self._rows.update({row.number: row for row in rows})
            self._earlier = sum(row.state in ("finished", "pruned") for row in rows)

    def post(self, number: int, **changes: object) -> None:
        """Change fields of a trial's row; the first post of a number makes the row."""
        with self._lock:
            row = self._rows.get(number)
            if row is None:
                row = TrialRow(number, str(changes.pop("label", f"trial {number}")))
                row = replace(row, started=time.time())
            self._rows[number] = replace(row, **changes)  # type: ignore[arg-type]

    def pace(self, number: int, *, epochs: int, of: int) -> None:
        """A running trial has done `epochs` since it started here, of `of` that it had to do."""
        with self._lock:
            row = self._rows.get(number)
            if row is not None and epochs > 0:
                expected = (time.time() - row.started) * max(1.0, of / epochs)
                self._rows[number] = replace(row, expected=expected)

    def say(self, message: str) -> None:
        """Set the line that stands under the table (what the search as a whole is doing)."""
        with self._lock:
            self._message = message

    def snapshot(self) -> SearchSnapshot:
        """The state of this moment, with running trials' seconds counted up to now."""
        with self._lock:
            rows = tuple(self._aged(self._rows[number]) for number in sorted(self._rows))
            message = self._message
        done = sum(row.state in ("finished", "pruned") for row in rows)
        return SearchSnapshot(
            study=self._study,
            metric=self._metric,
            total=self._total,
            finished=done,
            rows=rows,
            best=self._best(rows),
            seconds=time.time() - self._started,
            seconds_left=self._left(rows, done),
            message=message,
        )

    def _aged(self, row: TrialRow) -> TrialRow:
        return replace(row, seconds=time.time() - row.started) if row.state == "running" else row

    def _best(self, rows: tuple[TrialRow, ...]) -> TrialRow | None:
        scored = [row for row in rows if row.state == "finished" and self._metric in row.metrics]
        return max(scored, key=lambda row: self._sign * row.metrics[self._metric], default=None)

    def _left(self, rows: tuple[TrialRow, ...], done: int) -> float | None:
        """From the pace of this session; before anything is known of that, from the plan."""
        running = [row for row in rows if row.state == "running"]
        paced = [row.expected for row in running if row.expected is not None]
        ended = [row.seconds for row in rows if row.state in ("finished", "pruned")]
        told = done > self._earlier
        known = ended if told else paced
        if not known:
            elapsed = time.time() - self._started
            return None if self._expected is None else max(0.0, self._expected - elapsed)
        mean = sum(known) / len(known)
        ahead = max(0, self._total - done - len(running)) * mean
        # Epochs are not all of a trial: once whole trials are known, none is expected to be less.
        least = mean if told else 0.0
        wholes = [max(least, row.expected or mean) for row in running]
        ahead += sum(max(0.0, w - row.seconds) for w, row in zip(wholes, running, strict=True))
        return max(0.0, ahead / min(self._concurrency, max(1, self._total - done)))
