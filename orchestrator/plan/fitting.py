"""The largest offer that fits the time there is, with as little measured as that takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from orchestrator.plan.estimating import Rate
from orchestrator.plan.value import Estimate

_REFERENCE = 128  # px; where speed is measured first


def by_area(rate: Rate, sizes: Sequence[int], own: Mapping[str, int]) -> Rate:
    """Speed guessed from that at one size, so that few need to be measured."""
    reference = _REFERENCE if _REFERENCE in sizes else sizes[0]

    def guess(name: str, size: int) -> float:
        return rate(name, size) if name in own else rate(name, reference) * (reference / size) ** 2

    return guess


def largest_that_fits(
    offers: Sequence[Sequence[int]],
    cost: Callable[[Sequence[int], Rate], Estimate],
    guess: Rate,
    rate: Rate,
    seconds: float,
    leeway: float = 1.0,
) -> int:
    """The place of the last offer that fits; where none does, that takes hardly longer than 0."""
    costs = [cost(offer, guess).total for offer in offers]
    enough = leeway * costs[0] if costs[0] > seconds else seconds
    position = max(place for place, each in enumerate(costs) if place == 0 or each <= enough)
    # The guess by area is kind to large sizes; measure before settling on one.
    while position and cost(offers[position], rate).total > enough:
        position -= 1
    return position
