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


# The first row that fits. What Optuna's documentation says; no figures of our own yet.
CHOICES = (
    AutoChoice(
        "nsga2",
        lambda needs: needs.objectives > 1 and needs.trials >= 1000,
        "several objectives and 1,000 trials or more: Optuna advises model-based samplers below",
    ),
    AutoChoice(
        "tpe",
        lambda needs: needs.objectives > 1,
        "several objectives: Optuna's default, needs fewer trials than nsga2 below 1,000",
    ),
    AutoChoice("tpe", lambda needs: True, "one objective: Optuna's default, for any space"),
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
