"""What keeps a net from learning its training images by heart?"""

from __future__ import annotations

from typing import Any

from search_spaces.backbone_choice import for_each_backbone, suggest_backbone
from search_spaces.space import Params, Space, SpaceContext, TrialLike

_LEAST_DECAY = 1e-5  # decoupled, and times a learning rate of 1e-3: as good as none
# Little or nothing of all three; each alone (dropout as in reference C); all together.
_POINTS = (
    {"dropout": 0.0, "weight_decay": _LEAST_DECAY, "label_smoothing": 0.0},
    {"dropout": 0.4, "weight_decay": _LEAST_DECAY, "label_smoothing": 0.0},
    {"dropout": 0.0, "weight_decay": 0.1, "label_smoothing": 0.0},
    {"dropout": 0.0, "weight_decay": _LEAST_DECAY, "label_smoothing": 0.1},
    {"dropout": 0.4, "weight_decay": 0.1, "label_smoothing": 0.1},
)


def suggest(trial: TrialLike, context: SpaceContext) -> Params:
    """Dropout, weight decay and label smoothing."""
    return {
        **suggest_backbone(trial, context),
        "dropout": trial.suggest_float("dropout", 0.0, 0.8),
        "weight_decay": trial.suggest_float("weight_decay", _LEAST_DECAY, 1.0, log=True),
        "label_smoothing": trial.suggest_float("label_smoothing", 0.0, 0.3),
    }


def baselines(context: SpaceContext) -> list[dict[str, Any]]:
    """None, each of the three alone, all of them."""
    return for_each_backbone(context, [dict(point) for point in _POINTS])


SPACE = Space(
    name="regularization",
    question="How much dropout, weight decay and label smoothing does this net want?",
    suggest=suggest,
    baselines=baselines,
    fidelity="runs",  # what holds a net back early may help it late
    compares_backbones=True,
    defaults={"tune": "all", "epochs": 12},
    backbones=("mini_vgg",),
    trials=15,
)
