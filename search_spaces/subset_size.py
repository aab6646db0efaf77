"""How accurate with how many labels, and would more of them help?

Strategies of choosing the images to label, several draws of each size. Random subsets of one draw
lie in one another, and all of a draw are judged on the same validation images
(trainables/splits.py). `--train-size` is the most labels; `--set subset=random` leaves out the
strategies. What the curves say, in words: orchestrator/label_curves/.
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

LADDER = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
# One that asks what the net is unsure of, and one for budgets at which it knows nothing yet.
STRATEGIES = (RANDOM, *looking(("margin", "typiclust")))
DRAWS = 5  # three give intervals that say little: Student's t has a heavy tail


def suggest(trial: TrialLike, context: SpaceContext) -> Params:
    """A strategy, a number of labels, and which draw of them."""
    most = context.train_size
    chosen = suggest_backbone(trial, context)
    return {
        **chosen,
        "subset": suggest_subset(trial, context, chosen["backbone"], STRATEGIES),
        "train_size": trial.suggest_int("train_size", min(LADDER[0], most), most, log=True),
        "split_seed": trial.suggest_categorical("split_seed", draws(context, DRAWS)),
    }


def baselines(context: SpaceContext) -> list[dict[str, Any]]:
    """All labels of the first draw, at random."""
    point = {"train_size": context.train_size, "split_seed": draws(context, DRAWS)[0]}
    return at_random(context, for_each_backbone(context, [point]))


def grid(context: SpaceContext) -> Mapping[str, Sequence[Any]]:
    """The ladder as far as there are labels, and all of them; every strategy, every draw."""
    steps = tuple(size for size in LADDER if size < context.train_size)
    names = {"backbone": context.backbones} if len(context.backbones) > 1 else {}
    return {
        **names,
        **grid_of(context, STRATEGIES),
        "train_size": (*steps, context.train_size),
        "split_seed": draws(context, DRAWS),
    }


SPACE = Space(
    name="subset_size",
    question="How accurate is the classifier with how many labels, and would more help?",
    suggest=suggest,
    baselines=baselines,
    grid=grid,
    version=2,
    compares_backbones=True,
    # An attack would cost each of many heads more than all else together.
    defaults={"train_size": 5000, "attack": "none"},
    about=("train_size",),
    backbones=("tf_efficientnet_lite0",),
    sampler="grid",
)
