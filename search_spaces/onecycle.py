"""How high and how long one cycle of the learning rate should be (reference B's questions).

Smith and Topin, Super-Convergence, 2018; the fields are those of trainables/schedules/onecycle.py.
"""

from __future__ import annotations

from typing import Any

from search_spaces.backbone_choice import for_each_backbone, suggest_backbone
from search_spaces.lengths import suggest_epochs
from search_spaces.rates import default_rate, rate_range, suggest_rate
from search_spaces.space import Params, Space, SpaceContext, TrialLike

_FEWEST, _MOST = 4, 16  # epochs
# Reference B: the peak at epoch 5 of 24, from a tenth of it, and down to where it began; then
# torch's OneCycleLR by default: the peak at 30 %, from a 25th of it, and down to next to nothing.
_SHAPES = (
    {"peak_share": 5 / 24, "div_factor": 10.0, "final_div_factor": 1.0},
    {"peak_share": 0.3, "div_factor": 25.0, "final_div_factor": 1e4},
)


def suggest(trial: TrialLike, context: SpaceContext) -> Params:
    """Peak, its place, where the cycle begins and ends, and its length."""
    return {
        **suggest_backbone(trial, context),
        **suggest_rate(trial, context, *rate_range(context)),
        **_peak(trial, context),
        "div_factor": trial.suggest_float("div_factor", 2.0, 100.0, log=True),
        "final_div_factor": trial.suggest_float("final_div_factor", 1.0, 1e4, log=True),
        "epochs": suggest_epochs(trial, context, _FEWEST, _MOST),
    }


def baselines(context: SpaceContext) -> list[dict[str, Any]]:
    """Two known shapes at two peaks: the default one, and three times as high."""
    name, rate = next(iter(default_rate(context).items()))
    top = rate_range(context)[1] if name == "lr" else rate
    shared = {"epochs": int(context.defaults["epochs"])}
    points = [
        {name: peak, **_known(shape, context), **shared}
        for peak in dict.fromkeys((rate, min(3 * rate, top)))
        for shape in _SHAPES
    ]
    return for_each_backbone(context, points)


def _peak(trial: TrialLike, context: SpaceContext) -> Params:
    """`--set peak_epoch=...` says where the peak is, whatever its share would be."""
    if _is_placed(context):
        return {}
    return {"peak_share": trial.suggest_float("peak_share", 0.05, 0.6)}


def _known(shape: dict[str, float], context: SpaceContext) -> dict[str, float]:
    left_out = {"peak_share"} if _is_placed(context) else set()
    return {key: value for key, value in shape.items() if key not in left_out}


def _is_placed(context: SpaceContext) -> bool:
    return context.defaults.get("peak_epoch") is not None


SPACE = Space(
    name="onecycle",
    question="How high, how early and how long should one cycle of the learning rate be?",
    suggest=suggest,
    baselines=baselines,
    fidelity="runs",
    compares_backbones=True,
    fixed={"schedule": "onecycle"},
    defaults={"tune": "all", "epochs": 8},
    backbones=("mini_vgg",),
    trials=16,
)
