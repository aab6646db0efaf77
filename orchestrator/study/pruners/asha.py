"""Successive halving, asynchronously: at each rung only the best share of trials goes on."""

from __future__ import annotations

from collections.abc import Mapping

from optuna.pruners import BasePruner, SuccessiveHalvingPruner
from optuna.study import Study
from optuna.trial import FrozenTrial

from orchestrator.study.pruners.kind import PrunerKind, PrunerNeeds, geometric_rungs
from search_spaces.options import Option

FIRST_RUNG = Option(
    "first_rung", 1, "the epoch at which trials are first compared", low=1, whole=True
)
REDUCTION = Option(
    "reduction",
    3,
    "one in so many goes on at a rung, to so many times its epochs",
    low=2,
    whole=True,
)

_SHARES = {2: "half", 3: "third", 4: "quarter", 5: "fifth"}
_RUNG = "completed_rung_"  # Optuna's own: a trial's value at a rung is a system attribute of it


class StatedHalvingPruner(SuccessiveHalvingPruner):
    """Optuna's ASHA, with a stated first rung and its reasons.

    Optuna would take the first rung from the first finished trial, and stop nothing before it.

    Args:
        first: the first rung, in steps.
        reduction: one in so many goes on; the next rung is so many times as far.
        most_steps: steps of a whole trial; None where nobody knows.
    """

    def __init__(self, first: int, reduction: int, most_steps: int | None) -> None:
        super().__init__(min_resource=first, reduction_factor=reduction)
        self._first, self._reduction, self._most = first, reduction, most_steps

    def may_stop(self, before: int | None, step: int) -> bool:
        """At the first report at or past a rung, but for the last step."""
        if self._most is not None and step >= self._most:
            return False
        past = geometric_rungs(self._first, self._reduction, step + 1)
        return bool(past) and (before is None or before < past[-1])

    def why(self, study: Study, trial: FrozenTrial) -> str:
        """Its place among the trials at the rung that it has just reached."""
        return f"is not {best_share(study, trial, self._reduction)} there"


def best_share(study: Study, trial: FrozenTrial, reduction: int) -> str:
    """Such as `among the best third of 9 trials`."""
    held = study._storage.get_trial(trial._trial_id).system_attrs
    rung = max(int(key.removeprefix(_RUNG)) for key in held if key.startswith(_RUNG))
    key = f"{_RUNG}{rung}"
    count = sum(key in each.system_attrs for each in study.get_trials(deepcopy=False))
    if count < 2 * reduction:
        return f"the best of {count} trials"
    share = _SHARES.get(reduction, f"{100 / reduction:.0f} %")
    return f"among the best {share} of {count} trials"


def rungs(options: Mapping[str, float], most: int) -> tuple[int, ...]:
    """Every rung below `most`."""
    return geometric_rungs(int(options["first_rung"]), int(options["reduction"]), most)


def make(needs: PrunerNeeds) -> BasePruner:
    """Optuna's, asked at its rungs only."""
    return StatedHalvingPruner(
        needs.whole("first_rung"), needs.whole("reduction"), needs.most_steps
    )


ASHA = PrunerKind(
    name="asha",
    sentence="lets the best share of trials go on at each rung",
    options=(FIRST_RUNG, REDUCTION),
    make=make,
    rungs=rungs,
)
