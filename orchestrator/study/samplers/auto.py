"""`auto`: which sampler to take when nobody says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.study.samplers.needs import SamplerKind, SamplerNeeds

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


@dataclass(frozen=True)
class AutoChoice:
    """A sampler, when it is the one to take, and why, in words."""

    name: str
    when: Callable[[SamplerNeeds], bool]
    reason: str


MEASURED = "benchmarks/results/search_quality.md"
"""Where the figures of the reasons are from: epochs until random search's final best is found, as a
share of random's own (95 % interval), in replays of searches over tables of real results."""

# The first row that fits. It is not the best everywhere: for the loss of the same heads cmaes took
# 0.44 of random's epochs and tpe never got there (n = 51), but nothing in a search's needs tells
# the two apart. gp looked as good as tpe (n = 9), but overlooks trials that were stopped early.
CHOICES = (
    AutoChoice(
        "tpe",
        lambda needs: needs.objectives == 1,
        "one objective: 0.53 (0.42 to 0.61) of random's epochs over 2,400 frozen-head "
        "configurations, n = 100 (cmaes 0.84, qmc 0.95, nsga2 never), 0.53 (0.43 to 0.70) with "
        f"asha over nets from scratch (cmaes 0.59): {MEASURED}",
    ),
    AutoChoice(
        "tpe",
        lambda needs: needs.trials < 1000,
        "several objectives: 0.53 (0.47 to 0.84) of random's epochs for accuracy and loss, "
        f"n = 51, where nsga2 and nsga3 were no better than random after 40 trials: {MEASURED}",
    ),
    AutoChoice(
        "nsga2",
        lambda needs: needs.objectives > 1,
        "several objectives and 1,000 trials or more, where a genetic search has time for "
        "generations: Optuna's advice (notes on NSGA-II), not measured here",
    ),
)


def auto_choice(needs: SamplerNeeds) -> AutoChoice:
    """The sampler to take; depends on `needs` alone."""
    return next(choice for choice in CHOICES if choice.when(needs))


def make(needs: SamplerNeeds) -> BaseSampler:
    """The chosen one; a study holds its name, so that this is asked once a study."""
    from orchestrator.study.samplers import SAMPLERS

    return SAMPLERS.get(auto_choice(needs).name).make(needs)


AUTO = SamplerKind(
    name="auto",
    sentence="takes the one that suits the number of objectives and of trials",
    make=make,
    conditional=True,
)
