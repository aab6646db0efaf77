"""What is the best recipe for a hundred labels (reference D's question)?

A pretrained body: its head alone, its last stage too, or all of it. Nets from scratch, which D
compares with, take part where they are named: `--backbones resnet18,resnet18_cifar`.
"""

from __future__ import annotations

from typing import Any

from search_spaces.backbone_choice import suggest_backbone
from search_spaces.lengths import suggest_epochs
from search_spaces.scratch_recipe import known_scratch_point, suggest_scratch
from search_spaces.space import Params, Space, SpaceContext, TrialLike
from search_spaces.tuning_recipes import known_points, suggest_tuned

_FEWEST, _MOST = 5, 30


def suggest(trial: TrialLike, context: SpaceContext) -> Params:
    """A backbone, what of it trains, and how."""
    chosen = suggest_backbone(trial, context)
    backbone = str(chosen["backbone"])
    recipe = suggest_scratch if backbone in context.own_sizes else suggest_tuned
    epochs = suggest_epochs(trial, context, _FEWEST, _MOST)
    return {**chosen, **recipe(trial, context, backbone), "epochs": epochs}


def baselines(context: SpaceContext) -> list[dict[str, Any]]:
    """Each pretrained body with each part of it trained; each net from scratch."""
    several = len(context.backbones) > 1
    return [
        {**({"backbone": name} if several else {}), **point, "epochs": context.defaults["epochs"]}
        for name in context.backbones
        for point in _known(context, name)
    ]


def _known(context: SpaceContext, backbone: str) -> list[dict[str, Any]]:
    if backbone in context.own_sizes:
        return [known_scratch_point(context)]
    return known_points(context)


SPACE = Space(
    name="small_data",
    question="Which recipe is the most accurate with a hundred labels?",
    suggest=suggest,
    baselines=baselines,
    fidelity="runs",
    compares_backbones=True,
    defaults={"train_size": 100, "epochs": 20},
    backbones=("tf_efficientnet_lite0", "tf_efficientnet_lite2"),
    trials=14,
)
