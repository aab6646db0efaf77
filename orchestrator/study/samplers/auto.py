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


# The first row that fits. It is what Optuna's documentation says (notes on NSGA-II and NSGA-III);
# there are no figures of our own yet.
CHOICES = (
    AutoChoice(
        "tpe",
        lambda needs: needs.objectives == 1,
        "one objective: Optuna's default, for spaces of any kind",
    ),
    AutoChoice(
        "tpe",
        lambda needs: needs.trials < 1000,
        "several objectives: Optuna's default, and what it advises below 1,000 trials",
    ),
    AutoChoice(
        "nsga2",
        lambda needs: needs.objectives > 1,
        "several objectives and 1,000 trials or more: a genetic search has time for generations",
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
