"""How robust does a small net become from few labels, and what do unlabelled images add?

Adversarial training from scratch, on the labelled images alone or on these and a pool that a frozen
pretrained body labels (`weak=teacher`; Alayrac et al. 2019, Carmon et al. 2019). An epoch with a
pool is a pass over the pool, so each way has epochs of its own, about as long in all.
"""

from __future__ import annotations

from typing import Any

from search_spaces.adversarial_ways import suggest_way
from search_spaces.backbone_choice import for_each_backbone, suggest_backbone
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
_EPOCHS_ALONE, _EPOCHS_POOL = (10, 40), (1, 4)


def suggest(trial: TrialLike, context: SpaceContext) -> Params:
    """A net, whether the pool takes part, and the recipe."""
    weak = str(trial.suggest_categorical("weak", (ALONE, *TEACHERS)))
    way = str(trial.suggest_categorical("adversarial", _WAYS))
    name, low, high = _epochs(context, weak)
    return {
        **suggest_backbone(trial, context),
        "tune": "all",
        "weak": weak,
        "adversarial": way,
        **suggest_way(trial, way, *_STEPS),
        **suggest_rate(trial, context, *_RATES),
        "weight_decay": trial.suggest_float("weight_decay", 1e-3, 1.0, log=True),
        "epochs": trial.suggest_int(name, low, high, log=True),
    }


def _epochs(context: SpaceContext, weak: str) -> tuple[str, int, int]:
    """The parameter and its range: an epoch with a pool is a pass over the pool."""
    if weak != ALONE:
        return ("epochs.pool", *_EPOCHS_POOL)
    return ("epochs.alone", *epochs_range(context, *_EPOCHS_ALONE))


def baselines(context: SpaceContext) -> list[dict[str, Any]]:
    """The cheapest way of adversarial training without a pool and with it; then PGD with it."""
    points: list[dict[str, Any]] = [
        {"weak": ALONE, "adversarial": "fast"},
        {"weak": TEACHERS[0], "adversarial": "fast"},
        {"weak": TEACHERS[1], "adversarial": "fast"},
        {"weak": TEACHERS[0], "adversarial": "pgd", "adversarial_steps": 3},
    ]
    return for_each_backbone(context, [_point(context, point) for point in points])


def _point(context: SpaceContext, way: dict[str, Any]) -> dict[str, Any]:
    rate = rate_name(context)
    epochs, low, high = _epochs(context, way["weak"])
    return {
        **way,
        rate: 1.0 if rate == "lr_factor" else 3e-3,
        "weight_decay": 0.05,
        epochs: max(low, high // 2),
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
