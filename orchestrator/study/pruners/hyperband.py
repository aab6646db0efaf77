"""Hyperband: several ASHAs side by side, each with another first rung."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from optuna.pruners import BasePruner, HyperbandPruner
from optuna.study import Study
from optuna.trial import FrozenTrial

from orchestrator.study.pruners.asha import FIRST_RUNG, REDUCTION, best_share
from orchestrator.study.pruners.kind import PrunerKind, PrunerNeeds, geometric_rungs
from search_spaces.options import Option

MOST = Option("most", 0, "epochs of a whole trial; 0 takes them from the search", whole=True)


class StatedHyperbandPruner(HyperbandPruner):
    """Optuna's Hyperband, with its reasons.

    Args:
        first: the first rung of its first bracket, in steps.
        reduction: as in ASHA.
        most_steps: steps of a whole trial. Where nobody knows, Optuna takes them from the first
            finished trial, and stops nothing before it.
    """

    def __init__(self, first: int, reduction: int, most_steps: int | None) -> None:
        most: int | Literal["auto"] = "auto" if most_steps is None else max(first, most_steps)
        super().__init__(min_resource=first, max_resource=most, reduction_factor=reduction)
        self._first, self._reduction, self._most = first, reduction, most_steps

    def may_stop(self, before: int | None, step: int) -> bool:
        """At the first report at or past a rung of any bracket, but for the last step."""
        if self._most is not None and step >= self._most:
            return False
        past = geometric_rungs(self._first, self._reduction, step + 1)
        return bool(past) and (before is None or before < past[-1])

    def why(self, study: Study, trial: FrozenTrial) -> str:
        """Its place among the trials of its bracket, which is drawn by its number."""
        bracket = self._create_bracket_study(study, self._get_bracket_id(study, trial))
        return f"is not {best_share(bracket, trial, self._reduction)} of its bracket there"


def rungs(options: Mapping[str, float], most: int) -> tuple[int, ...]:
    """Every rung of any bracket below `most`."""
    whole = int(options.get("most", 0)) or most
    return geometric_rungs(int(options["first_rung"]), int(options["reduction"]), min(whole, most))


def make(needs: PrunerNeeds) -> BasePruner:
    """Optuna's, asked at the rungs of its brackets only."""
    most = needs.whole("most") or needs.most_steps
    return StatedHyperbandPruner(needs.whole("first_rung"), needs.whole("reduction"), most)


HYPERBAND = PrunerKind(
    name="hyperband",
    sentence="lets the best share go on at each rung, in several brackets with other first rungs",
    options=(FIRST_RUNG, REDUCTION, MOST),
    make=make,
    rungs=rungs,
)
