"""Chooses the input size: the largest at which the whole search fits the time there is.

Pretrained or not comes first, then the input size, then the body (shared/facts.md measured 72 to
78 % for the same body at 128 and 224 px), so a search takes the largest size it can afford. Every
baseline runs at it; the sampler may also take the next smaller one. A net from scratch has nothing
to gain by it: it sees its own natural size, and leaves the choice to the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestrator.plan.estimating import Rate, Workload, estimate
from orchestrator.plan.value import Estimate, Resources
from trainables.backbones import get_backbone

DEFAULT_SECONDS = 270.0  # so that a first search is over in about five minutes
_REFERENCE = 128  # px; where speed is measured first
_SMALLER = 0.7  # the smallest further size worth searching, as a share of the chosen one


@dataclass(frozen=True)
class Sizing:
    """The sizes to search (the last is the one to start from), why, and the time they take.

    `sizes` is empty where every net sees a size of its own.
    """

    sizes: tuple[int, ...]
    reason: str
    estimate: Estimate


def common_sizes(backbones: Sequence[str]) -> tuple[int, ...]:
    """Sizes that are sensible for all of them, ascending; never empty."""
    specs = [get_backbone(name) for name in backbones]
    shared = set.intersection(*(set(spec.sizes) for spec in specs))
    least = max(spec.smallest_size for spec in specs)
    return tuple(sorted(size for size in shared if size >= least)) or (
        max(least, min(spec.natural_size for spec in specs)),
    )


def choose_sizes(
    backbones: Sequence[str],
    work: Workload,
    resources: Resources,
    rate: Rate,
    seconds: float,
    own: Mapping[str, int] | None = None,
) -> Sizing:
    """The largest common size at which the search fits into `seconds`, and the next smaller one.

    Args:
        own: by name, nets that see a size of their own, whatever is chosen for the others.
    """
    own = own or {}
    others = [name for name in backbones if name not in own]
    if not others:
        return _all_own(own, work, resources, rate)
    sizes = common_sizes(others)
    reference = _REFERENCE if _REFERENCE in sizes else sizes[0]

    def guess(name: str, size: int) -> float:
        return rate(name, size) if name in own else rate(name, reference) * (reference / size) ** 2

    def cost(chosen: Sequence[int], by: Rate) -> Estimate:
        return estimate(_offered(backbones, chosen, own), work, resources, by)

    fits = [size for size in sizes if cost([size], guess).total <= seconds]
    position = sizes.index(fits[-1]) if fits else 0
    # The guess by area is kind to large sizes; measure before settling on one.
    while position and cost([sizes[position]], rate).total > seconds:
        position -= 1
    chosen = sizes[position]
    smaller = [s for s in sizes[:position] if s >= _SMALLER * chosen][-1:]
    found = cost([*smaller, chosen], rate)
    if smaller and found.total > seconds:
        smaller, found = [], cost([chosen], rate)
    whom = "the pretrained ones" if own else "all of them"
    reason = _reason(sizes, position, seconds, found.total <= seconds, whom)
    return Sizing((*smaller, chosen), "; ".join([reason, *_own_words(own)]), found)


def fixed_size(
    size: int, backbones: Sequence[str], work: Workload, resources: Resources, rate: Rate
) -> Sizing:
    """The sizing of a search whose input size a person has fixed."""
    found = estimate(_offered(backbones, [size], {}), work, resources, rate)
    return Sizing((size,), "fixed by --set input_size", found)


def _all_own(own: Mapping[str, int], work: Workload, resources: Resources, rate: Rate) -> Sizing:
    """No size to choose; where all have the same, it is that of the whole search."""
    found = estimate(_offered(list(own), [], own), work, resources, rate)
    same = tuple(set(own.values()))
    if len(same) == 1:
        return Sizing(same, "what nets from scratch are made for", found)
    return Sizing((), "; ".join(_own_words(own)), found)


def _offered(
    backbones: Sequence[str], sizes: Sequence[int], own: Mapping[str, int]
) -> dict[str, tuple[int, ...]]:
    return {name: (own[name],) if name in own else tuple(sizes) for name in backbones}


def _own_words(own: Mapping[str, int]) -> list[str]:
    """A part of a sentence for each size."""
    return [
        f"{', '.join(name for name in own if own[name] == size)} at {size} px"
        for size in sorted(set(own.values()))
    ]


def _reason(sizes: Sequence[int], position: int, seconds: float, fits: bool, whom: str) -> str:
    budget = f"{seconds / 60:.0f} min"
    if not fits:
        return f"the smallest sensible one; even this takes longer than {budget}"
    if position == len(sizes) - 1:
        return f"the largest that suits {whom}, and it fits into {budget}"
    return f"the largest that fits into {budget} on this machine; {sizes[position + 1]} px does not"
