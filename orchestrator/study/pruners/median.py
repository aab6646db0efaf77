"""The median rule: stop a trial whose best so far is worse than the median of finished ones."""

from __future__ import annotations

import numpy as np
from optuna.pruners import BasePruner, MedianPruner
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from orchestrator.study.pruners.kind import PrunerKind, PrunerNeeds
from search_spaces.options import Option

STARTUP = Option("startup", 5, "finished trials before the first may be stopped", low=1, whole=True)
WARMUP = Option("warmup", 1, "the first epoch at which a trial may be stopped", low=1, whole=True)
INTERVAL = Option("interval", 1, "epochs between two comparisons", low=1, whole=True)


class StatedMedianPruner(MedianPruner):
    """Optuna's median pruner, with its reasons.

    Args:
        most_steps: steps of a whole trial; None where nobody knows.
    """

    def __init__(self, startup: int, warmup: int, interval: int, most_steps: int | None) -> None:
        super().__init__(startup, warmup, interval)
        self._warmup, self._most = warmup, most_steps

    def may_stop(self, before: int | None, step: int) -> bool:
        """From the warm-up on, but for the last step."""
        del before
        return step >= self._warmup and (self._most is None or step < self._most)

    def why(self, study: Study, trial: FrozenTrial) -> str:
        """Its best so far, against the median of the finished trials at this step."""
        best, clause = against_median(study, trial)
        return f"({best:.4g} at best) is {clause}"


def against_median(study: Study, trial: FrozenTrial) -> tuple[float, str]:
    """Its best so far, and such as `below the median 0.7 of the 9 finished trials there`."""
    step = trial.last_step
    done = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    values = [each.intermediate_values[step] for each in done if step in each.intermediate_values]
    highest = study.direction == StudyDirection.MAXIMIZE
    best = (max if highest else min)(trial.intermediate_values.values())
    side, middle = "below" if highest else "above", float(np.nanmedian(values))
    return best, f"{side} the median {middle:.4g} of the {len(values)} finished trials there"


def make(needs: PrunerNeeds) -> BasePruner:
    """Optuna's, asked from the warm-up on."""
    return StatedMedianPruner(
        needs.whole("startup"), needs.whole("warmup"), needs.whole("interval"), needs.most_steps
    )


MEDIAN = PrunerKind(
    name="median",
    sentence="stops a trial whose best so far is worse than the median of finished trials",
    options=(STARTUP, WARMUP, INTERVAL),
    make=make,
)
