"""CMA-ES: moves a cloud of points over the numbers of a space."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.study.samplers.needs import SamplerKind, SamplerNeeds

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


def make(needs: SamplerNeeds) -> BaseSampler:
    """The cloud's state is in the system attributes of the trials, generation by generation.

    Its seed stays the same: Optuna adds the trial's number to it, so that no two trials of a
    generation draw the same point. Choices are drawn at random, each with a stream of its own.
    """
    from optuna.samplers import CmaEsSampler, RandomSampler

    return CmaEsSampler(
        seed=needs.steady_seed,
        independent_sampler=RandomSampler(seed=needs.draw_seed),
        warn_independent_sampling=False,
    )


CMAES = SamplerKind(
    name="cmaes",
    sentence="moves a cloud of points over the numbers of a space; choices are random",
    make=make,
    objectives=(1, 1),
    constraints=False,
    categorical=False,
    package="cmaes",
)
