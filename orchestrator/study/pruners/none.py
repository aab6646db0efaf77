"""No pruner: every trial runs to its end."""

from __future__ import annotations

from optuna.pruners import BasePruner, NopPruner
from optuna.study import Study
from optuna.trial import FrozenTrial

from orchestrator.study.pruners.kind import PrunerKind, PrunerNeeds


class NoPruner(NopPruner):
    """Stops nothing, and need not be asked."""

    def may_stop(self, before: int | None, step: int) -> bool:
        """Never."""
        del before, step
        return False

    def why(self, study: Study, trial: FrozenTrial) -> str:
        """It never does."""
        raise AssertionError("no trial is stopped without a pruner")


def make(needs: PrunerNeeds) -> BasePruner:
    """Needs nothing."""
    del needs
    return NoPruner()


NONE = PrunerKind(
    name="none",
    sentence="stops nothing",
    options=(),
    make=make,
    rungs=lambda options, most: (),
)
