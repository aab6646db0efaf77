"""Which net from scratch learns most from these images?"""

from __future__ import annotations

from typing import Any

from search_spaces.backbone_choice import for_each_backbone, suggest_backbone
from search_spaces.lengths import suggest_epochs
from search_spaces.rates import default_rate, rate_range, suggest_rate
from search_spaces.space import Params, Space, SpaceContext, TrialLike

# An epoch of 1,000 images takes resnet18_cifar 21 s on one core, resnet9 13 s, the others less than
# 3 s (benchmarks/results/train_passes.md).
_FEWEST, _MOST = 3, 8


def suggest(trial: TrialLike, context: SpaceContext) -> Params:
    """A net and how it is trained."""
    return {
        **suggest_backbone(trial, context),
        **suggest_rate(trial, context, *rate_range(context)),
        "weight_decay": trial.suggest_float("weight_decay", 1e-4, 1.0, log=True),
        "dropout": trial.suggest_float("dropout", 0.0, 0.6),
        "batch_size": trial.suggest_categorical("batch_size", (32, 64, 128, 256, 512)),
        "epochs": suggest_epochs(trial, context, _FEWEST, _MOST),
    }


def baselines(context: SpaceContext) -> list[dict[str, Any]]:
    """Each net with the default recipe."""
    names = ("weight_decay", "dropout", "batch_size", "epochs")
    recipe = {**default_rate(context), **{name: context.defaults[name] for name in names}}
    return for_each_backbone(context, [recipe])


SPACE = Space(
    name="scratch_compare",
    question="Which net learns most from these images alone, without pretrained weights?",
    suggest=suggest,
    baselines=baselines,
    fidelity="runs",
    compares_backbones=True,
    fixed={"tune": "all"},
    defaults={"epochs": 5},
    backbones=("mlp", "mini_vgg", "resnet9", "resnet18_cifar"),
)
