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
    """A sampler, when it is the one to take, and why, in words for a plan."""

    name: str
    when: Callable[[SamplerNeeds], bool]
    reason: str


# The first row that fits; its figures are from benchmarks/results/search_quality.md: epochs until
# random search's final best is found, as a share of random's own (95 % interval), in replays of
# searches over tables of real results.
CHOICES = (
    # 0.53 (0.42 to 0.61) over 2,400 frozen-head configurations, n = 100 (cmaes 0.84, qmc 0.95,
    # nsga2 never); 0.53 (0.43 to 0.70) with asha over nets from scratch (cmaes 0.59). Not the best
    # everywhere: for the loss of the same heads cmaes took 0.44 and tpe never got there (n = 51),
    # but nothing in a search's needs tells the two apart. gp looked as good (n = 9), but overlooks
    # trials that were stopped early.
    AutoChoice(
        "tpe",
        lambda needs: needs.objectives == 1,
        "for one objective it took 0.53 of random search's epochs to the same accuracy, n = 100",
    ),
    # 0.53 (0.47 to 0.84) for accuracy and loss, n = 51; nsga2 and nsga3 were no better than random
    # after 40 trials.
    AutoChoice(
        "tpe",
        lambda needs: needs.trials < 1000,
        "for two objectives it took 0.53 of random search's epochs to the same front, n = 51",
    ),
    # Optuna's advice (notes on NSGA-II).
    AutoChoice(
        "nsga2",
        lambda needs: needs.objectives > 1,
        "several objectives and 1,000 trials or more, time enough for generations; not measured",
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
