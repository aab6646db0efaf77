"""Which net and which recipe, when everything may be chosen? The net decides what else is asked.

| the net | what trains | what else is asked |
| --- | --- | --- |
| pretrained | head, last stage, all | a learning rate for each; augmentation for two |
| from scratch | all | learning rate, augmentation, schedule |

Each branch has parameters of its own; those that mean the same in all of them are shared.
"""

from __future__ import annotations

from typing import Any

from search_spaces.backbone_choice import suggest_backbone
from search_spaces.lengths import suggest_epochs
from search_spaces.scratch_recipe import known_scratch_point, suggest_scratch
from search_spaces.space import Params, Space, SpaceContext, TrialLike
from search_spaces.tuning_recipes import known_points, suggest_tuned

_FEWEST, _MOST = 3, 12
_BATCHES = (16, 32, 64, 128, 256)


def suggest(trial: TrialLike, context: SpaceContext) -> Params:
    """A net, what its kind leaves to choose, and what every kind wants."""
    chosen = suggest_backbone(trial, context)
    backbone = str(chosen["backbone"])
    recipe = suggest_scratch if backbone in context.own_sizes else suggest_tuned
    return {
        **chosen,
        **recipe(trial, context, backbone),
        "batch_size": trial.suggest_categorical("batch_size", _BATCHES),
        "label_smoothing": trial.suggest_float("label_smoothing", 0.0, 0.2),
        "epochs": suggest_epochs(trial, context, _FEWEST, _MOST),
    }


def baselines(context: SpaceContext) -> list[dict[str, Any]]:
    """Every kind of trial once: the first pretrained body in each way, others frozen; each net."""
    found = []
    pretrained = [name for name in context.backbones if name not in context.own_sizes]
    for place, name in enumerate(pretrained):
        points = known_points(context)
        found += [_point(context, name, point) for point in (points[:1] if place else points)]
    for name in context.own_sizes:
        found.append(_point(context, name, known_scratch_point(context)))
    return found


def _point(context: SpaceContext, backbone: str, recipe: dict[str, Any]) -> dict[str, Any]:
    """One baseline; a name where there are several, and what all kinds have in common."""
    named = {"backbone": backbone} if len(context.backbones) > 1 else {}
    return {
        **named,
        **recipe,
        "batch_size": context.defaults["batch_size"],
        "label_smoothing": 0.0,
        "epochs": context.defaults["epochs"],
    }


SPACE = Space(
    name="everything",
    question="Which net, trained in which way, gives the most accurate classifier here?",
    suggest=suggest,
    baselines=baselines,
    fidelity="runs",
    compares_backbones=True,
    # A net that trains takes minutes with twice as many labels (a GPU: --train-size 45000).
    defaults={"epochs": 6, "train_size": 500},
    backbones=("tf_efficientnet_lite0", "tf_efficientnet_lite2", "mini_vgg"),
    trials=14,
)
