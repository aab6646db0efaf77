"""A space whose trials all take the same work, so that two searches' wall times can be compared.

Epochs, batch size and backbone are fixed from outside (`--set`); only what costs nothing varies.
"""

from __future__ import annotations

from typing import Any

from search_spaces.space import Params, Space, SpaceContext, TrialLike


def suggest(trial: TrialLike, context: SpaceContext) -> Params:
    """A learning rate, a decay and a dropout."""
    del context
    return {
        "lr": trial.suggest_float("lr", 1e-5, 1e-2, log=True),
        "weight_decay": trial.suggest_float("weight_decay", 1e-4, 1.0, log=True),
        "dropout": trial.suggest_float("dropout", 0.1, 0.9),
    }


def baselines(context: SpaceContext) -> list[dict[str, Any]]:
    """The trial's own defaults."""
    return [{name: context.defaults[name] for name in ("lr", "weight_decay", "dropout")}]


SPACE = Space(
    name="equal_work",
    question="Does a search come through?",
    suggest=suggest,
    baselines=baselines,
    fidelity="epochs",
)
