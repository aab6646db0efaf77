"""Which backbone is the best for these images, and with which recipe?

Frozen with a head on its features, or trained: what `tune` says, which is not searched.
"""

from __future__ import annotations

from typing import Any

from search_spaces.space import Params, Space, SpaceContext, TrialLike

# What a baseline fixes beside the backbone and the input size, at the trial's own defaults.
_RECIPE = ("weight_decay", "dropout", "batch_size", "epochs")


def suggest(trial: TrialLike, context: SpaceContext) -> Params:
    """A backbone, the size it sees, and the recipe of what is trained."""
    backbone = trial.suggest_categorical("backbone", context.backbones)
    return {
        "backbone": backbone,
        **_rate(trial, context),
        "weight_decay": trial.suggest_float("weight_decay", 1e-4, 1.0, log=True),
        "dropout": trial.suggest_float("dropout", 0.0, 0.9),
        "batch_size": trial.suggest_categorical("batch_size", (16, 32, 64, 128, 256)),
        "epochs": trial.suggest_int("epochs", _fewest_epochs(context), 100, log=True),
        **_size(trial, context, backbone),
    }


def baselines(context: SpaceContext) -> list[dict[str, Any]]:
    """Each backbone once, at the largest size that it may see, with the default recipe."""
    recipe = {name: context.defaults[name] for name in (_rate_name(context), *_RECIPE)}
    size = {"input_size": context.input_sizes[-1]} if context.input_sizes else {}
    return [
        {"backbone": name, **({} if name in context.own_sizes else size), **recipe}
        for name in context.backbones
    ]


def _rate_name(context: SpaceContext) -> str:
    """`lr_factor` where somebody has said `--set lr_factor=...`, which takes lr's place."""
    return "lr_factor" if context.defaults.get("lr_factor") is not None else "lr"


def _rate(trial: TrialLike, context: SpaceContext) -> Params:
    """The learning rate, or its multiple of what a range test suggests: one range for all nets."""
    name = _rate_name(context)
    low, high = (0.05, 5.0) if name == "lr_factor" else (1e-5, 1e-2)
    return {name: trial.suggest_float(name, low, high, log=True)}


def _fewest_epochs(context: SpaceContext) -> int:
    """A head's epochs cost next to nothing; those of a whole net may be all that there is time for.

    The range is one within a study, since `tune` is.
    """
    return 5 if context.defaults.get("tune") == "head" else 1


def _size(trial: TrialLike, context: SpaceContext, backbone: str) -> Params:
    """One of the common sizes; a net with a size of its own has nothing to choose."""
    if backbone in context.own_sizes:
        return {"input_size": context.own_sizes[backbone]}
    if not context.input_sizes:
        return {}
    return {"input_size": trial.suggest_categorical("input_size", context.input_sizes)}


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
