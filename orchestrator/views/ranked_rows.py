"""The rows of the ranked table: figures of each finished trial with their 95 % intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.views.numbers import percent_between

if TYPE_CHECKING:
    from orchestrator.results import SearchResult, TrialResult


@dataclass(frozen=True)
class BackboneFacts:
    """What the table says of a backbone beside its name."""

    features: int
    parameters: int


@dataclass(frozen=True)
class Share:
    """A share in [0, 1] with its 95 % interval; the bounds are None where nothing is known."""

    value: float | None
    low: float | None = None
    high: float | None = None

    def __str__(self) -> str:
        return percent_between(self.value, self.low, self.high)


@dataclass(frozen=True)
class RankedRow:
    """One line of the ranked table, best trial first."""

    number: int
    label: str
    backbone: str
    facts: BackboneFacts | None
    input_size: int | None
    epochs: int | None
    train: Share
    val: Share
    robust_score: Share
    robust_acc: Share
    extract_seconds: float | None
    train_seconds: float | None


def ranked_rows(
    result: SearchResult, facts: Mapping[str, BackboneFacts] | None = None
) -> tuple[RankedRow, ...]:
    """The finished trials of `result`, best first.

    Args:
        facts: by backbone name; a backbone that is missing has its figures left open.
    """
    return tuple(_row(trial, result, facts or {}) for trial in result.ranked)


def _row(trial: TrialResult, result: SearchResult, facts: Mapping[str, BackboneFacts]) -> RankedRow:
    split, metrics = result.spec.split, trial.metrics
    backbone = str(trial.config.get("backbone", ""))
    robust = int(metrics.get("robust_n", split.robust))
    return RankedRow(
        number=trial.number,
        label=trial.label,
        backbone=backbone,
        facts=facts.get(backbone),
        input_size=trial.config.get("input_size"),
        epochs=trial.config.get("epochs"),
        train=_share(metrics.get("train_acc"), split.train),
        val=_share(metrics.get("val_acc"), split.val),
        robust_score=_share(metrics.get("robust_score"), robust),
        robust_acc=_share(metrics.get("robust_acc"), robust),
        extract_seconds=metrics.get("extract_seconds"),
        train_seconds=metrics.get("train_seconds"),
    )


def _share(value: float | None, count: int) -> Share:
    """Wilson's interval of `value` over `count` images.

    For `robust_score`, a mean of values in [0, 1] and no share of images, it is an upper bound of
    the interval's width: no variable in [0, 1] varies more than one that is either 0 or 1.
    """
    if value is None or not 0 <= value <= 1 or count < 1:
        return Share(value)
    from trainables.evaluation.intervals import wilson_interval

    low, high = wilson_interval(round(value * count), count)
    return Share(value, low, high)
