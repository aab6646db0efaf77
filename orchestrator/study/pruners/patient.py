"""The median rule with patience: only a trial that has stopped improving is compared."""

from __future__ import annotations

import warnings

from optuna.exceptions import ExperimentalWarning
from optuna.pruners import BasePruner, MedianPruner, PatientPruner
from optuna.study import Study
from optuna.trial import FrozenTrial

from orchestrator.study.pruners.kind import PrunerKind, PrunerNeeds
from orchestrator.study.pruners.median import STARTUP, WARMUP, against_median
from search_spaces.options import Option

PATIENCE = Option(
    "patience", 2, "epochs without an improvement before a trial is compared", whole=True
)
MIN_DELTA = Option("min_delta", 0.0, "an improvement must be greater than this")


class StatedPatientPruner(PatientPruner):
    """Optuna's patient pruner around its median pruner, with its reasons.

    Args:
        most_steps: steps of a whole trial; None where nobody knows.
    """

    def __init__(
        self, patience: int, min_delta: float, startup: int, warmup: int, most_steps: int | None
    ) -> None:
        with warnings.catch_warnings():  # experimental since Optuna 2.8
            warnings.simplefilter("ignore", ExperimentalWarning)
            super().__init__(MedianPruner(startup, warmup), patience, min_delta)
        self._warmup, self._most = warmup, most_steps

    def may_stop(self, before: int | None, step: int) -> bool:
        """From the warm-up on, but for the last step."""
        del before
        return step >= self._warmup and (self._most is None or step < self._most)

    def why(self, study: Study, trial: FrozenTrial) -> str:
        """Its patience, and the median it is held against."""
        best, clause = against_median(study, trial)
        return f"has not improved for {self._epochs}, and its best, {best:.4g}, is {clause}"

    @property
    def _epochs(self) -> str:
        # Optuna compares the last `patience` + 1 values with the best before them.
        count = self._patience + 1
        return f"{count} epoch{'' if count == 1 else 's'}"


def make(needs: PrunerNeeds) -> BasePruner:
    """Optuna's, around its median pruner."""
    return StatedPatientPruner(
        needs.whole("patience"),
        needs.options["min_delta"],
        needs.whole("startup"),
        needs.whole("warmup"),
        needs.most_steps,
    )


PATIENT = PrunerKind(
    name="patient",
    sentence="as median, once a trial has not improved for some epochs",
    options=(PATIENCE, MIN_DELTA, STARTUP, WARMUP),
    make=make,
)
