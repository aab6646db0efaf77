"""What there is to choose about a net from scratch: all of it trains, so images may change."""

from __future__ import annotations

from typing import Any

from search_spaces.backbone_choice import own_size
from search_spaces.rates import rate_name, suggest_rate
from search_spaces.space import Params, SpaceContext, TrialLike

_POLICIES = ("none", "flip_crop", "flip_crop_cutout", "strong")
_SCHEDULES = ("cosine", "onecycle")
_RATES = (3e-4, 3e-2)


def suggest_scratch(trial: TrialLike, context: SpaceContext, backbone: str) -> Params:
    """The recipe of a whole net, at the size it is made for."""
    return {
        "tune": "all",
        **suggest_rate(trial, context, *_RATES, name="lr.scratch"),
        "weight_decay": trial.suggest_float("weight_decay", 1e-4, 1.0, log=True),
        "dropout": trial.suggest_float("dropout", 0.0, 0.9),
        "augment": trial.suggest_categorical("augment.scratch", _POLICIES),
        "schedule": trial.suggest_categorical("schedule", _SCHEDULES),
        **own_size(context, backbone),
    }


def known_scratch_point(context: SpaceContext) -> dict[str, Any]:
    """A good first point of it, without the backbone: TrialConfig's own defaults for whole nets."""
    name = rate_name(context)
    return {
        **({name: 1.0} if name == "lr_factor" else {"lr.scratch": 1e-3}),
        "weight_decay": context.defaults["weight_decay"],
        "dropout": 0.2,
        "augment.scratch": "flip_crop",
        "schedule": "cosine",
    }
