"""The learning rate as a parameter: its ranges, and `lr_factor` where that takes its place."""

from __future__ import annotations

from typing import Any

from search_spaces.space import Params, SpaceContext, TrialLike

FACTORS = (0.05, 5.0)
"""Of what a range test suggests: one range for all nets."""


def rate_name(context: SpaceContext) -> str:
    """`lr_factor` where somebody has said `--set lr_factor=...`, which takes lr's place."""
    return "lr_factor" if context.defaults.get("lr_factor") is not None else "lr"


def rate_range(context: SpaceContext) -> tuple[float, float]:
    """Three decades and more around the default of what trains, by optimiser.

    Adam's steps have the size of the rate, whatever the gradients are; SGD's have not, and want
    rates some hundred times as large.
    """
    if context.defaults.get("optimiser") == "sgd":
        return (1e-3, 3.0)
    return (1e-6, 1e-2) if context.defaults.get("tune") == "head" else (1e-5, 1e-1)


def suggest_rate(
    trial: TrialLike, context: SpaceContext, low: float, high: float, *, name: str = "lr"
) -> Params:
    """The learning rate between `low` and `high`, or its multiple of what a range test suggests.

    Args:
        name: of the parameter, `lr` or `lr.BRANCH`.
    """
    if rate_name(context) == "lr_factor":
        return {"lr_factor": trial.suggest_float("lr_factor", *FACTORS, log=True)}
    return {"lr": trial.suggest_float(name, low, high, log=True)}


def default_rate(context: SpaceContext) -> dict[str, Any]:
    """The rate of a baseline, at the trial's own default, within its range."""
    name = rate_name(context)
    low, high = FACTORS if name == "lr_factor" else rate_range(context)
    return {name: min(max(float(context.defaults[name]), low), high)}
