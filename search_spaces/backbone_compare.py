"""Which pretrained backbone is the best frozen feature extractor for these images?"""

from __future__ import annotations

from typing import Any

from search_spaces.space import Params, Space, SpaceContext, TrialLike

# What a baseline fixes beside the backbone and the input size, at the trial's own defaults.
_HEAD = ("lr", "weight_decay", "dropout", "batch_size", "epochs")


def suggest(trial: TrialLike, context: SpaceContext) -> Params:
    """A backbone, the size it sees, and the recipe of the linear head on its features."""
    overrides = {
        "backbone": trial.suggest_categorical("backbone", context.backbones),
        "lr": trial.suggest_float("lr", 1e-5, 1e-2, log=True),
        "weight_decay": trial.suggest_float("weight_decay", 1e-4, 1.0, log=True),
        "dropout": trial.suggest_float("dropout", 0.0, 0.9),
        "batch_size": trial.suggest_categorical("batch_size", (16, 32, 64, 128, 256)),
        "epochs": trial.suggest_int("epochs", 5, 100, log=True),
    }
    if context.input_sizes:
        overrides["input_size"] = trial.suggest_categorical("input_size", context.input_sizes)
    return overrides


def baselines(context: SpaceContext) -> list[dict[str, Any]]:
    """Each backbone once, at the largest input size, with the default head."""
    head = {name: context.defaults[name] for name in _HEAD}
    size = {"input_size": context.input_sizes[-1]} if context.input_sizes else {}
    return [{"backbone": backbone, **size, **head} for backbone in context.backbones]


SPACE = Space(
    name="backbone_compare",
    question="Which pretrained backbone, frozen, gives the most accurate classifier here?",
    suggest=suggest,
    baselines=baselines,
    # A head's learning rate falls over its epochs: one that is cut short says little of it.
    fidelity="runs",
    compares_backbones=True,
)
