"""No pruner: every trial runs to its end."""

from __future__ import annotations

from collections.abc import Mapping

from optuna.pruners import BasePruner, NopPruner

from orchestrator.study.pruners.kind import PrunerKind, PrunerNeeds


class NoPruner(NopPruner):
    """Stops nothing, and need not be asked."""

    def may_stop(self, before: int | None, step: int) -> bool:
        """Never."""
        del before, step
        return False


def make(needs: PrunerNeeds) -> BasePruner:
    """Needs nothing."""
    del needs
    return NoPruner()


def rungs(options: Mapping[str, float], most: int) -> tuple[int, ...]:
    """None."""
    del options, most
    return ()


NONE = PrunerKind(
    name="none",
    sentence="stops nothing",
    options=(),
    make=make,
    rungs=rungs,
)
