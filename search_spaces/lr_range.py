"""Which learning rate trains best, and does the range test find it?

A rate from a wide range, or a multiple of what a range test of the same net suggests; held
constant, or going down a cosine.
"""

from __future__ import annotations

from typing import Any

from search_spaces.backbone_choice import for_each_backbone, suggest_backbone
from search_spaces.rates import FACTORS, default_rate, rate_name, rate_range
from search_spaces.space import Params, Space, SpaceContext, TrialLike

_SCHEDULES = ("cosine", "constant")


def suggest(trial: TrialLike, context: SpaceContext) -> Params:
    """A learning rate, in either of two ways, and whether it falls."""
    return {
        **suggest_backbone(trial, context),
        "schedule": trial.suggest_categorical("schedule", _SCHEDULES),
        **_rate(trial, context),
    }


def baselines(context: SpaceContext) -> list[dict[str, Any]]:
    """The default rate and the suggested one, under both schedules."""
    rates = [{"rate": "lr_factor", "lr_factor": 1.0}]
    if rate_name(context) == "lr":
        rates = [{"rate": "lr", **default_rate(context)}, *rates]
    points = [{"schedule": schedule, **rate} for rate in rates for schedule in _SCHEDULES]
    return for_each_backbone(context, points)


def _rate(trial: TrialLike, context: SpaceContext) -> Params:
    """`--set lr_factor=...` leaves the schedule to be compared, at that share of the suggestion."""
    ways = ("lr", "lr_factor") if rate_name(context) == "lr" else ("lr_factor",)
    way = trial.suggest_categorical("rate", ways)
    low, high = FACTORS if way == "lr_factor" else rate_range(context)
    return {way: trial.suggest_float(way, low, high, log=True)}


SPACE = Space(
    name="lr_range",
    question="Which learning rate trains best, and does the range test find it?",
    suggest=suggest,
    baselines=baselines,
    # Half of the trials have a rate that falls to the end: what they were halfway says little.
    fidelity="runs",
    compares_backbones=True,
    defaults={"tune": "all", "epochs": 8},
    about=("lr",),
    backbones=("mini_vgg",),
    trials=16,
)
