"""Which images are labelled, as spaces over few labels choose it: strategies and draws.

Strategies go by the features of a pretrained body, so a net from scratch has random images only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from search_spaces.space import SpaceContext, TrialLike

RANDOM = "random"
# Of the images that may be labelled so many are looked at, since each goes through the body once.
POOL = 10_000


def looking(names: Sequence[str]) -> tuple[str, ...]:
    """Strategies that look at a part of the images."""
    return tuple(f"{name}:pool={POOL}" for name in names)


def suggest_subset(
    trial: TrialLike, context: SpaceContext, backbone: str, strategies: Sequence[str]
) -> str:
    """One of `strategies`; random images for a net from scratch."""
    if backbone in context.own_sizes:
        return RANDOM
    return str(trial.suggest_categorical("subset", tuple(strategies)))


def at_random(context: SpaceContext, points: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """`points` with random images, which every strategy has to beat, where there is a choice."""
    return [
        {**point, "subset": RANDOM}
        if point.get("backbone", context.backbones[0]) not in context.own_sizes
        else point
        for point in points
    ]


def grid_of(context: SpaceContext, strategies: Sequence[str]) -> Mapping[str, Sequence[Any]]:
    """`subset` with its values, where a backbone has a choice."""
    known = any(name not in context.own_sizes for name in context.backbones)
    return {"subset": tuple(strategies)} if known else {}


def draws(context: SpaceContext, count: int) -> tuple[int, ...]:
    """Split seeds, from the study's own on."""
    first = int(context.defaults["split_seed"])
    return tuple(range(first, first + count))
