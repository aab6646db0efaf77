"""Gaussian process with expected improvement: few, dear trials in a space of few parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.study.samplers.failures import as_worst
from orchestrator.study.samplers.needs import SamplerKind, SamplerNeeds

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


def make(needs: SamplerNeeds) -> BaseSampler:
    """Ten random trials, then the most promising point of a model of all finished ones.

    A fresh one in each draw fits its kernel from the default start: a kernel kept from the draw
    before, as Optuna does within one process, would be lost in a restart and change the points.
    """
    from optuna.samplers import GPSampler

    return GPSampler(seed=needs.draw_seed, warn_independent_sampling=False)


GP = SamplerKind(
    name="gp",
    sentence="models all finished trials by a Gaussian process; for few, dear trials",
    make=make,
    failures=as_worst,  # it looks at nothing but values
)
