"""What a pruner is made from, and what each kind of pruner says of itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from search_spaces.options import Option

if TYPE_CHECKING:
    from optuna.pruners import BasePruner
    from optuna.study import Study
    from optuna.trial import FrozenTrial


@dataclass(frozen=True)
class PrunerNeeds:
    """One study, as far as its pruner must know it.

    Args:
        options: by name, all of them.
        direction: `maximize` or `minimize`.
        most_steps: steps of a whole trial; None where nobody knows.
    """

    options: Mapping[str, float]
    direction: str
    most_steps: int | None = None

    def whole(self, name: str) -> int:
        """An option that is a whole number."""
        return int(self.options[name])


@dataclass(frozen=True)
class PrunerKind:
    """A pruner that can be chosen by name.

    Args:
        name: as `--pruner` takes it.
        sentence: what it does, in one.
        options: what can be set.
        make: an Optuna pruner; best a `StatedPruner`.
        rungs: `rungs(options, most)`, ascending, all below `most`: the only steps at which it
            stops a trial. None for one that stops anywhere.
    """

    name: str
    sentence: str
    options: tuple[Option, ...]
    make: Callable[[PrunerNeeds], BasePruner]
    rungs: Callable[[Mapping[str, float], int], tuple[int, ...]] | None = None


class StatedPruner(Protocol):
    """An Optuna pruner that also says when it may stop a trial, and why it did.

    One without these methods is asked at every report, and its reason is its name.
    """

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        """Optuna's own: whether to stop `trial` at its last step."""

    def may_stop(self, before: int | None, step: int) -> bool:
        """Whether it may stop a trial at `step` that reported `before` last (None: never)."""

    def why(self, study: Study, trial: FrozenTrial) -> str:
        """Why it stopped `trial` at its last step: what follows `val_acc 0.61` in a sentence."""


def geometric_rungs(first: int, reduction: int, most: int) -> tuple[int, ...]:
    """`first`, `first * reduction`, and so on, all below `most`."""
    found, step = [], first
    while step < most:
        found.append(step)
        step *= reduction
    return tuple(found)
