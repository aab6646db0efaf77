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

# Of the images that may be labelled so many are looked at, since each goes through the body once.
_POOL = 10_000
_LOOKING = ("margin", "entropy", "least_confidence", "typiclust", "coreset")
STRATEGIES = ("random", *(f"{name}:pool={_POOL}" for name in _LOOKING))
DRAWS = 3


def suggest(trial: TrialLike, context: SpaceContext) -> Params:
    """A strategy, and which draw."""
    chosen = suggest_backbone(trial, context)
    knows = chosen["backbone"] not in context.own_sizes
    return {
        **chosen,
        "subset": trial.suggest_categorical("subset", STRATEGIES) if knows else "random",
        "split_seed": trial.suggest_categorical("split_seed", _draws(context)),
    }


def baselines(context: SpaceContext) -> list[dict[str, Any]]:
    """Images at random, which every strategy has to beat."""
    return [
        {name: value for name, value in point.items() if name != "subset" or _knows(context, point)}
        for point in for_each_backbone(
            context, [{"subset": "random", "split_seed": _draws(context)[0]}]
        )
    ]


def _knows(context: SpaceContext, point: Mapping[str, Any]) -> bool:
    """Whether the point's net is a pretrained body."""
    return point.get("backbone", context.backbones[0]) not in context.own_sizes


def grid(context: SpaceContext) -> Mapping[str, Sequence[Any]]:
    """Every strategy on every draw."""
    names = {"backbone": context.backbones} if len(context.backbones) > 1 else {}
    known = any(name not in context.own_sizes for name in context.backbones)
    strategies = {"subset": STRATEGIES} if known else {}
    return {**names, **strategies, "split_seed": _draws(context)}


def _draws(context: SpaceContext) -> tuple[int, ...]:
    first = int(context.defaults["split_seed"])
    return tuple(range(first, first + DRAWS))


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
