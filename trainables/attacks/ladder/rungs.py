"""The rungs of the ladder: which attack, how many nets it leaves, and its share of the budget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from search_spaces.errors import UsageError

if TYPE_CHECKING:
    from trainables.attacks.base import Attack

FINALISTS = 3


@dataclass(frozen=True)
class Rung:
    """One attack on all nets that have come so far.

    Args:
        name: `pgd10`: what its figures are called after.
        attack: as `--attack` takes it, without a norm.
        keep: nets that the decision of this rung is about; on the last one the best.
        share: of the passes and seconds that there are for the whole ladder.
        whole: those who are not out for sure are attacked on the whole sample, and all of them go
            on: the bounds of the next rung start from what this one found.
    """

    name: str
    attack: str
    keep: int
    share: float
    whole: bool = False

    def make(self, norm: str, seed: int) -> Attack:
        """The attack, in this norm.

        Raises:
            UsageError: an attack or an option that there is not.
        """
        from trainables.attacks.making import make_attack

        name, colon, options = self.attack.partition(":")
        return make_attack(f"{name}:{options}{',' if colon else ''}norm={norm}", seed=seed)


RUNGS = (
    Rung("pgd10", "pgd:steps=10", FINALISTS, 0.15, whole=True),
    Rung("pgd50x10", "pgd:steps=50,restarts=10", FINALISTS, 0.4),
    Rung("ensemble", "ensemble", 1, 0.45),
)
"""PGD-10 costs 20 passes an image that stands, PGD-50 x 10 1,000, the ensemble about 7,000."""


@dataclass(frozen=True)
class LadderBudget:
    """What all rungs together may spend.

    Args:
        passes: images forward and backward, together; None: no limit.
        seconds: None: no limit.

    Raises:
        UsageError: a limit that is not above 0.
    """

    passes: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        for name in ("passes", "seconds"):
            limit = getattr(self, name)
            if limit is not None and not limit > 0:
                raise UsageError(f"The {name} of an attack are above 0.", got=limit)

    def share_of(
        self, index: int, rungs: tuple[Rung, ...], passes: int, seconds: float
    ) -> LadderBudget:
        """A rung's share of what the ones before left: what they did not need goes to the others.

        Args:
            passes, seconds: that were spent so far.
        """
        share = rungs[index].share / sum(rung.share for rung in rungs[index:])
        left = None if self.passes is None else max(1, int((self.passes - passes) * share))
        time = None if self.seconds is None else max(1e-3, (self.seconds - seconds) * share)
        return LadderBudget(left, time)
