"""NSGA-II: generations of trials, crossed and mutated, for several objectives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.study.samplers.needs import SamplerKind, SamplerNeeds

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler

SMALLEST, LARGEST = 8, 50  # trials in a generation; 50 is Optuna's default
GENERATIONS = 5


def population_size(trials: int) -> int:
    """Trials in a generation: the first one is random, so a short search needs small ones.

    Optuna's 50 would leave a search of 50 trials without a single child.
    """
    return LARGEST if trials < 1 else max(SMALLEST, min(LARGEST, trials // GENERATIONS))


def make(needs: SamplerNeeds) -> BaseSampler:
    """A random generation, then children of the best of the ones before."""
    from optuna.samplers import NSGAIISampler

    return NSGAIISampler(population_size=population_size(needs.trials), seed=needs.draw_seed)


NSGA2 = SamplerKind(
    name="nsga2",
    sentence="crosses and mutates the best trials, generation by generation",
    make=make,
)
