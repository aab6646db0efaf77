"""The rows of the ranked table: figures of each finished trial with their 95 % intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from orchestrator.views.numbers import NOTHING, count, plain
from orchestrator.views.shares import Share, share_of, wilson_share

if TYPE_CHECKING:
    from orchestrator.results import SearchResult, TrialResult


# Parameters that have a column anyway; and those that have one even among many.
_SHOWN = ("backbone", "input_size", "epochs", "arm", "repeat")
_TELLING = ("train_size", "tune", "augment", "schedule", "head")
_FEW = 3
SECOND = "second_acc"
"""What a second attack left, where a trial has met one: closer to the truth than one step's."""


@dataclass(frozen=True)
class BackboneFacts:
    """What the table says of a backbone beside its name."""

    features: int
    parameters: int


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
    searched: Mapping[str, str] = field(default_factory=dict)


def ranked_rows(
    result: SearchResult, facts: Mapping[str, BackboneFacts] | None = None
) -> tuple[RankedRow, ...]:
    """The finished trials of `result`, best first.

    Args:
        facts: by backbone name; a backbone that is missing has its figures left open.
    """
    names = searched(result.ranked)
    return tuple(_row(trial, result, facts or {}, names) for trial in result.ranked)


def searched(trials: Sequence[TrialResult]) -> tuple[str, ...]:
    """Parameters of which the trials have several values, and that the table should show.

    Of many those that tell most; `lr.head`, of one branch of a space, is called `lr`.
    """
    from search_spaces.parameter import field_of

    met = dict.fromkeys(field_of(name) for trial in trials for name in trial.params)
    names = [name for name in met if name not in _SHOWN]
    names = names if len(names) <= _FEW else [name for name in names if name in _TELLING]
    return tuple(n for n in names if len({str(trial.config.get(n)) for trial in trials}) > 1)


def _row(
    trial: TrialResult,
    result: SearchResult,
    facts: Mapping[str, BackboneFacts],
    names: Sequence[str],
) -> RankedRow:
    split, metrics = result.spec.split, trial.metrics
    backbone = str(trial.config.get("backbone", ""))
    robust = int(metrics.get("robust_n", split.robust))
    trained = int(trial.config.get("train_size") or split.train)
    return RankedRow(
        number=trial.number,
        label=trial.label,
        backbone=backbone,
        facts=facts.get(backbone),
        input_size=trial.config.get("input_size"),
        epochs=trial.config.get("epochs"),
        train=wilson_share(metrics.get("train_acc"), trained),
        val=share_of(trial, "val_acc", result.spec),
        robust_score=wilson_share(metrics.get("robust_score"), robust),
        robust_acc=wilson_share(metrics.get(SECOND, metrics.get("robust_acc")), robust),
        extract_seconds=metrics.get("extract_seconds"),
        train_seconds=metrics.get("train_seconds"),
        searched={name: _figure(trial.config.get(name)) for name in names},
    )


def _figure(value: object) -> str:
    if value is None:
        return NOTHING
    if isinstance(value, float):
        return plain(value)
    return count(value) if isinstance(value, int) else str(value)
