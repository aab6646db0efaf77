"""`Reproduction`: a reference system's table, ours beside what was published, and what it says."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from orchestrator.reproducing.robust import RobustRow
from orchestrator.views.numbers import duration


@dataclass(frozen=True)
class ReproducedRow:
    """One row; accuracies are shares, and None where there is none.

    Args:
        labels: training labels used.
        train: accuracy on the training images, without augmentation.
        test, low, high: on the test images, with Wilson's 95 % interval.
        published_train, published_test: of the reference.
        seconds: of training.
        robust: how it bears an attack, where the row asks for it.
        reason: why it could not be run, in words.
        folder: of the trial, with its training log.
    """

    name: str
    model: str = ""
    epochs: int | None = None
    labels: int | None = None
    train: float | None = None
    test: float | None = None
    low: float | None = None
    high: float | None = None
    published_train: float | None = None
    published_test: float | None = None
    seconds: float | None = None
    note: str = ""
    reason: str = ""
    folder: str = ""
    robust: RobustRow | None = None


@dataclass(frozen=True)
class Reproduction:
    """The table of one system.

    Args:
        left_out: what the budget leaves out of the published recipe.
        labels_val: validation labels used beside the training labels.
        test_openings: how often the test split was opened for this study.
        picture: file of the summary plot.
        robust_picture: that of the curves over epsilon; "" where no row was attacked.
        robust_sentences: each robust model against its baseline, from the figures.
    """

    system: str
    title: str
    question: str
    budget: str
    study: str
    data: str
    rows: tuple[ReproducedRow, ...]
    left_out: str
    labels_val: int
    test_openings: int
    picture: str = ""
    robust_picture: str = ""
    robust_sentences: tuple[str, ...] = ()

    @property
    def attacked(self) -> tuple[ReproducedRow, ...]:
        """Rows whose robustness was measured."""
        return tuple(row for row in self.rows if row.robust is not None)

    @property
    def measured(self) -> tuple[ReproducedRow, ...]:
        """Rows with a test accuracy, best first."""
        done = [row for row in self.rows if row.test is not None]
        return tuple(sorted(done, key=lambda row: -(row.test or 0.0)))

    @property
    def sentences(self) -> tuple[str, ...]:
        """What speaks for and against each method, from the figures alone."""
        done = self.measured
        if not done:
            return ("No row has a test accuracy yet.",)
        return tuple(f"{row.name}: {_for_and_against(row, done)}." for row in done)

    def to_json(self) -> dict[str, Any]:
        """The object that `--json` prints; keys as in `docs/json.md`."""
        return {
            **asdict(self),
            "robust_sentences": list(self.robust_sentences),
            "sentences": list(self.sentences),
        }


def _for_and_against(row: ReproducedRow, done: Sequence[ReproducedRow]) -> str:
    """Such as `for: ...; against: ...`, of which one may be missing."""
    pros, cons = [], []
    best, second = done[0], done[1] if len(done) > 1 else None
    if row is best and second is not None:
        ahead = 100 * (_figure(best.test) - _figure(second.test))
        told = "" if _apart(best, second) else ", within its interval"
        pros.append(f"the most accurate, {ahead:.1f} points above the next{told}")
    elif row is not best:
        behind = 100 * (_figure(best.test) - _figure(row.test))
        cons.append(f"{behind:.1f} points behind {best.name}")
    if len(done) > 1 and row is _least(done, lambda each: each.seconds):
        pros.append(f"trains fastest ({duration(row.seconds)})")
    gap = _gap(row)
    if gap is not None and gap > 0.1:
        cons.append(f"{100 * gap:.0f} points less on new images than on those it was trained on")
    elif gap is not None and len(done) > 1:
        pros.append(f"as good on new images as on its own to {100 * abs(gap):.0f} points")
    parts = [f"for: {', '.join(pros)}"] if pros else []
    parts += [f"against: {', '.join(cons)}"] if cons else []
    return "; ".join(parts) or "the only one that was run"


def _apart(best: ReproducedRow, second: ReproducedRow) -> bool:
    return best.low is not None and _figure(second.test) < best.low


def _gap(row: ReproducedRow) -> float | None:
    return None if row.train is None or row.test is None else row.train - row.test


def _least(
    rows: Sequence[ReproducedRow], of: Callable[[ReproducedRow], float | None]
) -> ReproducedRow | None:
    known = [row for row in rows if of(row) is not None]
    return min(known, key=lambda row: _figure(of(row)), default=None)


def _figure(value: float | None) -> float:
    return math.nan if value is None else value
