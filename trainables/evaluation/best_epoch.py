"""At which epoch a training was best, by its validation loss or by another figure of its epochs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict, Field

from search_spaces.errors import UnknownNameError, UsageError

DEFAULT = "val_loss"
_LESS_IS_BETTER = ("_loss", "_ece", "_gap")
_NO_FIGURES = ("epoch", "lr")
"""What stands beside the figures of an epoch, and says nothing of how good it was."""

History = Sequence[Mapping[str, float | None]]


class BestEpoch(BaseModel):
    """The first of the best epochs by one figure, and what the last one had.

    A trial keeps the net of its last epoch, or of its best one by a figure of its own: this says
    what was, and changes nothing.

    Args:
        metric: a figure of the training's epochs, such as `val_loss`.
        epoch: 1 for the first.
        measured: epochs that have the figure.
        last_epoch: the last of those, and `last` its figure.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    metric: str
    epoch: int = Field(ge=0)
    value: float
    measured: int = Field(ge=1)
    last_epoch: int = Field(ge=0)
    last: float


def best_epoch_by(history: History, metric: str = DEFAULT) -> BestEpoch | None:
    """The best epoch by `metric`; None where no epoch has it and nobody asked for it by name.

    Less is better of losses, calibration errors and gaps, more of all else.

    Args:
        history: a row an epoch, with `epoch` and its figures.

    Raises:
        UnknownNameError: no epoch has such a figure; names those there are.
        UsageError: there are no epochs at all.
    """
    measured = [row for row in history if _is_finite(row.get(metric))]
    if not measured or metric in _NO_FIGURES:
        _check_known(history, metric)
        return None
    sign = 1 if metric.endswith(_LESS_IS_BETTER) else -1
    best = min(measured, key=lambda row: sign * _figure(row, metric))
    last = measured[-1]
    return BestEpoch(
        metric=metric,
        epoch=int(_figure(best, "epoch")),
        value=_figure(best, metric),
        measured=len(measured),
        last_epoch=int(_figure(last, "epoch")),
        last=_figure(last, metric),
    )


def _check_known(history: History, metric: str) -> None:
    if metric == DEFAULT:
        return
    known = {
        name
        for row in history
        for name, value in row.items()
        if name not in _NO_FIGURES and _is_finite(value)
    }
    if not known:
        rule = "A best epoch is one of a training whose epochs were measured; this has none."
        raise UsageError(rule, got=metric)
    raise UnknownNameError("figure of the training's epochs", metric, known)


def _figure(row: Mapping[str, float | None], name: str) -> float:
    return float(row[name] or 0.0)


def _is_finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)
