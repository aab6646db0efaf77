"""What a way of adversarial training asks for beside its name."""

from __future__ import annotations

from typing import Any

from search_spaces.space import Params, TrialLike

FAST, TRADES = "fast", "trades"


def suggest_way(
    trial: TrialLike, way: str, low: int, high: int, *, name: str = "adversarial_steps"
) -> Params:
    """Steps of those that take several, and TRADES's weight between its two kinds of images.

    Args:
        low, high: steps.
        name: of the parameter that asks for them.
    """
    found: dict[str, Any] = {}
    if way != FAST:
        found["adversarial_steps"] = trial.suggest_int(name, low, high)
    if way == TRADES:
        found["trades_beta"] = trial.suggest_float("trades_beta", 1.0, 10.0, log=True)
    return found
