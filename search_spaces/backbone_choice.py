"""Which net a trial trains, and at which size: the part that most spaces have in common."""

from __future__ import annotations

from typing import Any

from search_spaces.space import Params, SpaceContext, TrialLike


def suggest_backbone(trial: TrialLike, context: SpaceContext) -> Params:
    """A backbone, asked for where there are several; with its size where it has one of its own."""
    names = context.backbones
    name = names[0] if len(names) == 1 else trial.suggest_categorical("backbone", names)
    return {"backbone": name, **own_size(context, name)}


def own_size(context: SpaceContext, backbone: str) -> Params:
    """The `input_size` of a net that sees its own; nothing for all others."""
    if backbone in context.own_sizes:
        return {"input_size": context.own_sizes[backbone]}
    return {}


def suggest_size(trial: TrialLike, context: SpaceContext, backbone: str) -> Params:
    """One of the common sizes; a net with a size of its own has nothing to choose."""
    if backbone in context.own_sizes or not context.input_sizes:
        return own_size(context, backbone)
    return {"input_size": trial.suggest_categorical("input_size", context.input_sizes)}


def for_each_backbone(context: SpaceContext, points: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every point for every backbone; their names are left out where there is one only."""
    if len(context.backbones) == 1:
        return points
    return [{"backbone": name, **point} for point in points for name in context.backbones]
