"""What does robustness cost in accuracy, and which training gives the most of both?

Nets from scratch, trained on clean or on attacked images. A pretrained body, where one has weights,
takes part with reference A's recipe: its head alone, on jittered, rotated, flipped and attacked
images; more of it with `--set tune=last` or `tune=all`.
"""

from __future__ import annotations

from typing import Any

from search_spaces.adversarial_ways import suggest_way
from search_spaces.backbone_choice import own_size, suggest_backbone
from search_spaces.lengths import suggest_epochs
from search_spaces.rates import rate_name, suggest_rate
from search_spaces.space import Objective, Params, Space, SpaceContext, TrialLike

_FEWEST, _MOST = 4, 10
_WAYS = ("none", "fast", "pgd", "trades")
_POLICIES = ("none", "flip_crop", "jitter_rotate_flip")
_RATES = {"scratch": (3e-4, 3e-2), "tuned": (3e-5, 1e-2)}
# Each step of an attack goes through the whole net, forward and back; a pretrained body is some
# twenty times as much of a net as mini_vgg is.
_STEPS = {"scratch": (3, 7), "tuned": (1, 3)}
_PIXELS = 64
# 8/255 is what robust_score ends at, and reference A's own budget.
_ATTACKED = {"adversarial_eps_255": 8.0}


def suggest(trial: TrialLike, context: SpaceContext) -> Params:
    """A net, on what images it trains, and the recipe."""
    chosen = suggest_backbone(trial, context)
    kind = "scratch" if chosen["backbone"] in context.own_sizes else "tuned"
    tune = "all" if kind == "scratch" else str(context.defaults["tune"])
    attacked = _attacked(trial, kind)
    return {
        **chosen,
        **(_size(context, str(chosen["backbone"])) if kind == "tuned" else {}),
        "tune": tune,
        **attacked,
        **_augment(trial, cached=tune == "head" and attacked["adversarial"] == "none"),
        **suggest_rate(trial, context, *_RATES[kind], name=f"lr.{kind}"),
        "weight_decay": trial.suggest_float("weight_decay", 1e-4, 1.0, log=True),
        "epochs": suggest_epochs(trial, context, _FEWEST, _MOST),
    }


def _attacked(trial: TrialLike, kind: str) -> Params:
    """What is attacked in training, and how; each way asks for what it has."""
    way = str(trial.suggest_categorical("adversarial", _WAYS))
    if way == "none":
        return {"adversarial": way}
    return {
        "adversarial": way,
        "adversarial_eps_255": trial.suggest_float("adversarial_eps_255", 1.0, 10.0),
        **suggest_way(trial, way, *_STEPS[kind], name=f"adversarial_steps.{kind}"),
    }


def _augment(trial: TrialLike, *, cached: bool) -> Params:
    """A head on cached features sees no image that could be changed."""
    return {"augment": "none" if cached else trial.suggest_categorical("augment", _POLICIES)}


def _size(context: SpaceContext, backbone: str) -> Params:
    return {"input_size": _PIXELS} if context.input_sizes else own_size(context, backbone)


def baselines(context: SpaceContext) -> list[dict[str, Any]]:
    """Each net in every way of training; reference A's robust recipe for the first body."""
    scratch = [name for name in context.backbones if name in context.own_sizes]
    bodies = [name for name in context.backbones if name not in context.own_sizes]
    found = [_point(context, name, "scratch", way) for name in scratch for way in _known_ways()]
    robust_a: dict[str, Any] = {"augment": "jitter_rotate_flip", "adversarial": "pgd"}
    robust_a |= {**_ATTACKED, "adversarial_steps.tuned": 3, "epochs": _FEWEST}
    return found + [_point(context, name, "tuned", robust_a) for name in bodies[:1]]


def _known_ways() -> list[dict[str, Any]]:
    several = {**_ATTACKED, "adversarial_steps.scratch": 5}
    return [
        {"adversarial": "none"},
        {"adversarial": "fast", **_ATTACKED},
        {"adversarial": "pgd", **several},
        {"adversarial": "trades", **several, "trades_beta": 6.0},
    ]


def _point(context: SpaceContext, backbone: str, kind: str, way: dict[str, Any]) -> dict[str, Any]:
    name = rate_name(context)
    return {
        **({"backbone": backbone} if len(context.backbones) > 1 else {}),
        **({"lr_factor": 1.0} if name == "lr_factor" else {f"lr.{kind}": 1e-3}),
        "weight_decay": context.defaults["weight_decay"],
        "augment": "flip_crop",
        "epochs": context.defaults["epochs"],
        **way,
    }


SPACE = Space(
    name="robust",
    question="How much accuracy does robustness cost, and which training gives the most of both?",
    suggest=suggest,
    baselines=baselines,
    objectives=(Objective("val_acc"), Objective("robust_score")),
    compares_backbones=True,
    about=("adversarial",),
    defaults={"epochs": 8, "train_size": 3000, "attack": "pgd:steps=10"},
    backbones=("mini_vgg", "tf_efficientnet_lite0"),
    trials=12,
)
