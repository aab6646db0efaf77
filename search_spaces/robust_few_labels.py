"""How robust does a small net become from few labels, and what do unlabelled images add?

Adversarial training from scratch, on the labelled images alone or on these and a pool that a frozen
pretrained body labels (`weak=teacher`; Alayrac et al. 2019, Carmon et al. 2019). An epoch with a
pool is a pass over the pool, so each way has epochs of its own, about as long in all.
"""

from __future__ import annotations

from typing import Any

from search_spaces.backbone_choice import suggest_backbone
from search_spaces.lengths import epochs_range
from search_spaces.rates import rate_name, suggest_rate
from search_spaces.space import Objective, Params, Space, SpaceContext, TrialLike

_POOL = 10_000  # unlabelled images that take part
_BODY = "teacher:backbone=tf_efficientnet_lite0,input_size=128"
ALONE = "none"
TEACHERS = (f"{_BODY},labelled=0.1,pool={_POOL}", f"{_BODY},pool={_POOL}")
_WAYS = ("fast", "pgd", "trades")
_RATES = (3e-4, 3e-2)
_STEPS = (2, 5)
_EPOCHS = {"alone": (10, 40), "pool": (1, 4)}


def suggest(trial: TrialLike, context: SpaceContext) -> Params:
    """A net, whether the pool takes part, and the recipe."""
    weak = str(trial.suggest_categorical("weak", (ALONE, *TEACHERS)))
    kind = "alone" if weak == ALONE else "pool"
    low, high = _EPOCHS[kind] if kind == "pool" else epochs_range(context, *_EPOCHS[kind])
    return {
        **suggest_backbone(trial, context),
        "tune": "all",
        "weak": weak,
        **_attacked(trial),
        **suggest_rate(trial, context, *_RATES),
        "weight_decay": trial.suggest_float("weight_decay", 1e-3, 1.0, log=True),
        "epochs": trial.suggest_int(f"epochs.{kind}", low, high, log=True),
    }


def _attacked(trial: TrialLike) -> Params:
    """How images are attacked in training; TRADES and PGD have their steps."""
    way = str(trial.suggest_categorical("adversarial", _WAYS))
    found: dict[str, Any] = {"adversarial": way}
    if way != "fast":
        found["adversarial_steps"] = trial.suggest_int("adversarial_steps", *_STEPS)
    if way == "trades":
        found["trades_beta"] = trial.suggest_float("trades_beta", 1.0, 10.0, log=True)
    return found


def baselines(context: SpaceContext) -> list[dict[str, Any]]:
    """The cheapest way of adversarial training without a pool and with it; then PGD with it."""
    points: list[dict[str, Any]] = [
        {"weak": ALONE, "adversarial": "fast"},
        {"weak": TEACHERS[0], "adversarial": "fast"},
        {"weak": TEACHERS[1], "adversarial": "fast"},
        {"weak": TEACHERS[0], "adversarial": "pgd", "adversarial_steps": 3},
    ]
    return [_point(context, name, point) for point in points for name in context.backbones]


def _point(context: SpaceContext, backbone: str, way: dict[str, Any]) -> dict[str, Any]:
    kind = "alone" if way["weak"] == ALONE else "pool"
    low, high = _EPOCHS[kind] if kind == "pool" else epochs_range(context, *_EPOCHS[kind])
    name = rate_name(context)
    return {
        **({"backbone": backbone} if len(context.backbones) > 1 else {}),
        **way,
        name: 1.0 if name == "lr_factor" else 3e-3,
        "weight_decay": 0.05,
        f"epochs.{kind}": min(high, max(low, high // 2)),
    }


SPACE = Space(
    name="robust_few_labels",
    question="How robust does a small net become from few labels, with and without a pool?",
    suggest=suggest,
    baselines=baselines,
    objectives=(Objective("val_acc"), Objective("robust_score")),
    compares_backbones=True,
    about=("weak",),
    defaults={
        "train_size": 1000,
        "val_size": 500,
        "batch_size": 128,
        "dropout": 0.0,
        "augment": "flip_crop",
        "attack": "pgd:steps=10",
    },
    backbones=("mini_vgg",),
    trials=8,
)
