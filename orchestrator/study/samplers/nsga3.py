"""NSGA-III: as NSGA-II, spread along reference directions, for many objectives."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from orchestrator.study.samplers.needs import SamplerKind, SamplerNeeds
from orchestrator.study.samplers.nsga2 import population_size

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


def make(needs: SamplerNeeds) -> BaseSampler:
    """A random generation, then children of the best of the ones before."""
    from optuna.exceptions import ExperimentalWarning
    from optuna.samplers import NSGAIIISampler

    with warnings.catch_warnings():  # experimental since Optuna 3.2
        warnings.simplefilter("ignore", ExperimentalWarning)
        return NSGAIIISampler(population_size=population_size(needs.trials), seed=needs.draw_seed)


NSGA3 = SamplerKind(
    name="nsga3",
    sentence="as nsga2, spread along reference directions; for three objectives or more",
    make=make,
    objectives=(2, None),
    instead="nsga2",
)
