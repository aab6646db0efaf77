"""What a space of ours may know in a study, and the configs that come of its points."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from optuna.trial import FixedTrial

from orchestrator.plan.shared import decided, shared_fields
from search_spaces import Space, SpaceContext
from search_spaces.branches import branches
from trainables.config import TrialConfig
from trainables.recipe_check import check_recipe

# A pretrained body and a net from scratch: both kinds of branch.
NETS = ("tf_efficientnet_lite0", "mini_vgg")
OWN = {"mini_vgg": 32}


def context_of(
    space: Space,
    backbones: tuple[str, ...] = NETS,
    *,
    train_size: int = 600,
    **fixed: object,
) -> SpaceContext:
    """As a plan makes it: two input sizes, and `--set` of what is `fixed`."""
    config = TrialConfig.model_validate({**space.defaults, **space.fixed, **fixed})
    own = {name: OWN[name] for name in backbones if name in OWN}
    sizes = () if "input_size" in fixed or set(backbones) <= set(OWN) else (96, 128)
    return SpaceContext(backbones, sizes, train_size, config.model_dump(mode="json"), own)


def base_of(space: Space, context: SpaceContext, **fixed: object) -> dict[str, Any]:
    """What all trials of the study share."""
    given = decided(space, context, context.defaults, fixed).fields
    named = {**space.defaults, **space.fixed, **fixed}
    return shared_fields(TrialConfig.model_validate(dict(context.defaults)), named, given)


def trained(base: dict[str, Any], overrides: dict[str, Any], **fixed: object) -> TrialConfig:
    """The config of a trial, after the check that every trial begins with."""
    config = TrialConfig.model_validate({**base, **overrides, **fixed})
    check_recipe(config)
    return config


def extremes(space: Space, context: SpaceContext, **fixed: object) -> Iterator[TrialConfig]:
    """Every combination of choices, all numbers at their lowest, then all at their highest."""
    base = base_of(space, context, **fixed)
    for highest in (False, True):
        for branch in branches(space, context, fixed=fixed, highest=highest):
            assert branch.overrides, f"{space.name} refuses {branch.met}"
            yield trained(base, dict(branch.overrides), **fixed)


def config_at(space: Space, context: SpaceContext, point: dict[str, Any]) -> TrialConfig:
    """The config of a point that must name every parameter that the space asks for."""
    suggested = dict(space.suggest(FixedTrial(point), context))
    return trained(base_of(space, context), suggested)
