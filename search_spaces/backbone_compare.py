"""Which backbone is the best for these images, and with which recipe?

Frozen with a head on its features, or trained: what `tune` says, which is not searched.
"""

from __future__ import annotations

from typing import Any

from search_spaces.backbone_choice import suggest_size
from search_spaces.rates import rate_name, suggest_rate
from search_spaces.space import Params, Space, SpaceContext, TrialLike

# What a baseline fixes beside the backbone and the input size, at the trial's own defaults.
_RECIPE = ("weight_decay", "dropout", "batch_size", "epochs")


def suggest(trial: TrialLike, context: SpaceContext) -> Params:
    """A backbone, the size it sees, and the recipe of what is trained."""
    backbone = trial.suggest_categorical("backbone", context.backbones)
    return {
        "backbone": backbone,
        **suggest_rate(trial, context, 1e-5, 1e-2),
        "weight_decay": trial.suggest_float("weight_decay", 1e-4, 1.0, log=True),
        "dropout": trial.suggest_float("dropout", 0.0, 0.9),
        "batch_size": trial.suggest_categorical("batch_size", (16, 32, 64, 128, 256)),
        "epochs": trial.suggest_int("epochs", _fewest_epochs(context), 100, log=True),
        **suggest_size(trial, context, backbone),
    }


def baselines(context: SpaceContext) -> list[dict[str, Any]]:
    """Each backbone once, at the largest size that it may see, with the default recipe."""
    recipe = {name: context.defaults[name] for name in (rate_name(context), *_RECIPE)}
    size = {"input_size": context.input_sizes[-1]} if context.input_sizes else {}
    return [
        {"backbone": name, **({} if name in context.own_sizes else size), **recipe}
        for name in context.backbones
    ]


def _fewest_epochs(context: SpaceContext) -> int:
    """A head's epochs cost next to nothing; those of a whole net may be all that there is time for.

    The range is one within a study, since `tune` is.
    """
    return 5 if context.defaults.get("tune") == "head" else 1


SPACE = Space(
    name="backbone_compare",
    question="Which backbone gives the most accurate classifier here?",
    suggest=suggest,
    baselines=baselines,
    # A head's learning rate falls over its epochs: one that is cut short says little of it.
    fidelity="runs",
    version=2,
    compares_backbones=True,
)
