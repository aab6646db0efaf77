"""Which images are worth labelling?

Strategies at one budget of labels (`--train-size`), each on the same draws: a draw settles the
validation images and where chance begins, so that strategies are compared like with like
(`orchestrator compare STUDY --by subset` says by how much). Strategies go by the features of a
pretrained body, so a net from scratch has random images only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from search_spaces.backbone_choice import for_each_backbone, suggest_backbone
from search_spaces.space import Params, Space, SpaceContext, TrialLike
from search_spaces.subset_choice import (
    RANDOM,
    at_random,
    draws,
    grid_of,
    looking,
    suggest_subset,
)

STRATEGIES = (
    RANDOM,
    *looking(("margin", "entropy", "least_confidence", "typiclust", "coreset")),
)
DRAWS = 3


def suggest(trial: TrialLike, context: SpaceContext) -> Params:
    """A strategy, and which draw."""
    chosen = suggest_backbone(trial, context)
    return {
        **chosen,
        "subset": suggest_subset(trial, context, chosen["backbone"], STRATEGIES),
        "split_seed": trial.suggest_categorical("split_seed", draws(context, DRAWS)),
    }


def baselines(context: SpaceContext) -> list[dict[str, Any]]:
    """Images at random, which every strategy has to beat."""
    point = {"split_seed": draws(context, DRAWS)[0]}
    return at_random(context, for_each_backbone(context, [point]))


def grid(context: SpaceContext) -> Mapping[str, Sequence[Any]]:
    """Every strategy on every draw."""
    names = {"backbone": context.backbones} if len(context.backbones) > 1 else {}
    return {**names, **grid_of(context, STRATEGIES), "split_seed": draws(context, DRAWS)}


SPACE = Space(
    name="subset_strategy",
    question="Which images are worth labelling, at one number of labels?",
    suggest=suggest,
    baselines=baselines,
    grid=grid,
    compares_backbones=True,
    defaults={"train_size": 250, "attack": "none"},
    about=("subset",),
    backbones=("tf_efficientnet_lite0",),
    sampler="grid",
)
