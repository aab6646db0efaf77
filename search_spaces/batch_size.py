"""Which batch size, and the learning rate that goes with it?"""

from __future__ import annotations

import math
from typing import Any

from search_spaces.backbone_choice import for_each_backbone, suggest_backbone
from search_spaces.rates import default_rate, rate_name, rate_range, suggest_rate
from search_spaces.space import Params, Space, SpaceContext, TrialLike

SIZES = (16, 32, 64, 128, 256, 512)


def suggest(trial: TrialLike, context: SpaceContext) -> Params:
    """Batch size and learning rate."""
    return {
        **suggest_backbone(trial, context),
        "batch_size": trial.suggest_categorical("batch_size", _sizes(context)),
        **suggest_rate(trial, context, *rate_range(context)),
    }


def baselines(context: SpaceContext) -> list[dict[str, Any]]:
    """Every batch size, with the default learning rate scaled to it."""
    points = [{"batch_size": size, **_scaled(size, context)} for size in _sizes(context)]
    return for_each_backbone(context, points)


def _sizes(context: SpaceContext) -> tuple[int, ...]:
    """Those that the training images fill; the smallest in any case."""
    return tuple(size for size in SIZES if size <= max(context.train_size, SIZES[0]))


def _scaled(size: int, context: SpaceContext) -> dict[str, Any]:
    """In proportion to the batch under SGD, to its root under Adam; a range test sees the batch.

    Goyal et al., Accurate, Large Minibatch SGD, 2017; Malladi et al., On the SDEs and Scaling Rules
    for Adaptive Gradient Algorithms, 2022.
    """
    known = default_rate(context)
    if rate_name(context) == "lr_factor":
        return known
    ratio = size / int(context.defaults["batch_size"])
    scale = ratio if context.defaults.get("optimiser") == "sgd" else math.sqrt(ratio)
    low, high = rate_range(context)
    return {"lr": min(max(known["lr"] * scale, low), high)}


SPACE = Space(
    name="batch_size",
    question="Which batch size trains best in a given number of epochs, and at which rate?",
    suggest=suggest,
    baselines=baselines,
    fidelity="runs",
    compares_backbones=True,
    defaults={"tune": "all", "epochs": 8},
    about=("batch_size",),
    backbones=("mini_vgg",),
    trials=18,
)
