"""What there is to choose once it is known what trains: a head, some or all of a pretrained body.

Each has learning rates of its own, as parameters of its own: `lr.head`, `lr.last`, `lr.all`. All
three give every field whose default depends on `tune`.
"""

from __future__ import annotations

from typing import Any

from search_spaces.backbone_choice import own_size, suggest_size
from search_spaces.rates import rate_name, suggest_rate
from search_spaces.space import Params, SpaceContext, TrialLike

TUNES = ("head", "last", "all")
# Of the head; a pretrained body's is a tenth of it unless `body_lr` says otherwise.
_RATES = {"head": (1e-6, 1e-2), "last": (1e-4, 3e-2), "all": (3e-5, 1e-2)}
# TrialConfig's own, by `tune`: the first point of each.
_KNOWN = {"head": (3e-5, 0.5), "last": (1e-3, 0.2), "all": (1e-3, 0.2)}
_POLICIES = ("none", "flip_crop", "jitter_rotate_flip")
# A body that trains costs seven extractions in every epoch (benchmarks/results/train_passes.md),
# a head costs one in all: at the same size, one fine-tuned net would take the time of all heads.
_PIXELS = 96


def suggest_tuned(trial: TrialLike, context: SpaceContext, backbone: str) -> Params:
    """A pretrained body: what of it trains, and the recipe for that."""
    tune = str(trial.suggest_categorical("tune", TUNES))
    found = {
        "tune": tune,
        **suggest_rate(trial, context, *_RATES[tune], name=f"lr.{tune}"),
        "weight_decay": trial.suggest_float("weight_decay", 1e-4, 1.0, log=True),
        "dropout": trial.suggest_float("dropout", 0.0, 0.9),
    }
    if tune == "head":
        return {**found, "augment": "none", **suggest_size(trial, context, backbone)}
    augment = trial.suggest_categorical("augment.tuned", _POLICIES)
    return {**found, "augment": augment, **tuned_size(context, backbone)}


def known_points(context: SpaceContext) -> list[dict[str, Any]]:
    """A good first point for each `tune`, or for the one that somebody has set; no backbone."""
    asked = str(context.defaults["tune"])
    return [_known_point(context, tune) for tune in (TUNES if asked == "head" else (asked,))]


def _known_point(context: SpaceContext, tune: str) -> dict[str, Any]:
    rate, dropout = _KNOWN[tune]
    name = rate_name(context)
    point: dict[str, Any] = {"tune": tune, "weight_decay": context.defaults["weight_decay"]}
    point |= {name: 1.0} if name == "lr_factor" else {f"lr.{tune}": rate}
    point["dropout"] = dropout
    if tune != "head":
        return {**point, "augment.tuned": "flip_crop"}
    size = {"input_size": context.input_sizes[-1]} if context.input_sizes else {}
    return {**point, **size}


def tuned_size(context: SpaceContext, backbone: str) -> Params:
    """What a body that trains sees, whatever heads see: few pixels, unless somebody fixes more."""
    if backbone in context.own_sizes or not context.input_sizes:
        return own_size(context, backbone)
    return {"input_size": _PIXELS}
