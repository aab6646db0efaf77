"""Random search: each trial by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.study.samplers.needs import SamplerKind, SamplerNeeds

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


def make(needs: SamplerNeeds) -> BaseSampler:
    """Uniform in each parameter's range, on its log scale where it has one."""
    from optuna.samplers import RandomSampler

    return RandomSampler(seed=needs.draw_seed)


RANDOM = SamplerKind(
    name="random",
    sentence="draws each trial at random; what every other sampler is measured against",
    make=make,
    conditional=True,
)
