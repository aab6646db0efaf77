"""How accurate with how many labels, and would more of them help?

Random subsets, several draws of each size. Those of one draw lie in one another, and all of a draw
are judged on the same validation images (trainables/splits.py). `--train-size` is the most labels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from search_spaces.backbone_choice import for_each_backbone, suggest_backbone
from search_spaces.space import Params, Space, SpaceContext, TrialLike

LADDER = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
DRAWS = 3


def suggest(trial: TrialLike, context: SpaceContext) -> Params:
    """A number of labels, and which draw of them."""
    most = context.train_size
    return {
        **suggest_backbone(trial, context),
        "train_size": trial.suggest_int("train_size", min(LADDER[0], most), most, log=True),
        "split_seed": trial.suggest_categorical("split_seed", _draws(context)),
    }


def baselines(context: SpaceContext) -> list[dict[str, Any]]:
    """All labels of the first draw."""
    point = {"train_size": context.train_size, "split_seed": _draws(context)[0]}
    return for_each_backbone(context, [point])


def grid(context: SpaceContext) -> Mapping[str, Sequence[Any]]:
    """The ladder as far as there are labels, and all of them; every draw."""
    steps = tuple(size for size in LADDER if size < context.train_size)
    names = {"backbone": context.backbones} if len(context.backbones) > 1 else {}
    return {**names, "train_size": (*steps, context.train_size), "split_seed": _draws(context)}


def _draws(context: SpaceContext) -> tuple[int, ...]:
    first = int(context.defaults["split_seed"])
    return tuple(range(first, first + DRAWS))


SPACE = Space(
    name="subset_size",
    question="How accurate is the classifier with how many labels, and would more help?",
    suggest=suggest,
    baselines=baselines,
    grid=grid,
    compares_backbones=True,
    # An attack would cost each of many heads more than all else together.
    defaults={"train_size": 5000, "attack": "none"},
    about=("train_size",),
    backbones=("tf_efficientnet_lite0",),
    sampler="grid",
)
