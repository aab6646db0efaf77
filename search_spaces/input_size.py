"""Is it worth enlarging small images by interpolation (reference D's question)?

The same body at every size that there is time for, the images' own among them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from search_spaces.backbone_choice import suggest_backbone, suggest_size
from search_spaces.space import Params, Space, SpaceContext, TrialLike


def suggest(trial: TrialLike, context: SpaceContext) -> Params:
    """A backbone and the size it sees."""
    chosen = suggest_backbone(trial, context)
    return {**chosen, **suggest_size(trial, context, str(chosen["backbone"]))}


def baselines(context: SpaceContext) -> list[dict[str, Any]]:
    """Each backbone at the largest size; a net with a size of its own at that."""
    size = {"input_size": context.input_sizes[-1]} if context.input_sizes else {}
    several = len(context.backbones) > 1
    return [
        {**({"backbone": name} if several else {}), **({} if name in context.own_sizes else size)}
        for name in context.backbones
    ]


def grid(context: SpaceContext) -> Mapping[str, Sequence[Any]]:
    """Every backbone at every size."""
    names = {"backbone": context.backbones} if len(context.backbones) > 1 else {}
    return {**names, "input_size": context.input_sizes}


SPACE = Space(
    name="input_size",
    question="Is it worth enlarging the images before a pretrained body sees them?",
    suggest=suggest,
    baselines=baselines,
    grid=grid,
    compares_backbones=True,
    compares_sizes=True,
    about=("input_size",),
    backbones=("tf_efficientnet_lite0", "resnet18"),
    sampler="grid",
)
