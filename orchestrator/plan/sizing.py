"""Chooses the input size: the largest at which the whole search fits the time there is.

Pretrained or not comes first, then the input size, then the body (shared/facts.md measured 72 to
78 % for the same body at 128 and 224 px), so a search takes the largest size it can afford. Every
baseline runs at it; the sampler may also take the next smaller one. A net from scratch has nothing
to gain by it: it sees its own natural size, and leaves the choice to the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.plan.estimating import Rate, Workload, estimate
from orchestrator.plan.fitting import by_area, largest_that_fits
from orchestrator.plan.value import Estimate, Resources
from trainables.backbones import get_backbone

DEFAULT_SECONDS = 270.0  # so that a first search is over in about five minutes
_SMALLER = 0.7  # the smallest further size worth searching, as a share of the chosen one
LEEWAY = 1.25
"""Where even the smallest size takes too long, and nobody has set a time: what hardly adds to it is
taken all the same. A search of nets that train is not made short by smaller images for heads."""


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
    leeway: float = 1.0,
) -> Sizing:
    """The largest common size at which the search fits into `seconds`, and the next smaller one.

    Args:
        own: by name, nets that see a size of their own, whatever is chosen for the others.
        leeway: how many times as long as at the smallest size it may take where that does not fit.
    """
    own = own or {}
    others = [name for name in backbones if name not in own]
    if not others:
        return _all_own(own, work, resources, rate)
    sizes = common_sizes(others)

    def cost(chosen: Sequence[int], by: Rate) -> Estimate:
        return estimate(_offered(backbones, chosen, own), work, resources, by)

    guess = by_area(rate, sizes, own)
    offers = [(size,) for size in sizes]
    position = largest_that_fits(offers, cost, guess, rate, seconds, leeway)
    chosen = sizes[position]
    smaller = [s for s in sizes[:position] if s >= _SMALLER * chosen][-1:]
    found = cost([*smaller, chosen], rate)
    if smaller and found.total > seconds:
        smaller, found = [], cost([chosen], rate)
    whom = "the pretrained ones" if own else "all of them"
    reason = _reason(sizes, position, seconds, found.total <= seconds, whom)
    return Sizing((*smaller, chosen), "; ".join([reason, *_own_words(own)]), found)


def every_size(
    backbones: Sequence[str],
    work: Callable[[tuple[int, ...]], Workload],
    resources: Resources,
    rate: Rate,
    seconds: float,
    own: Mapping[str, int],
    image_size: int,
) -> Sizing:
    """The images' own size, and the common ones up to where the search fits into `seconds`.

    Args:
        work: by the sizes on offer, since more of them take more trials.
        image_size: of the data, pixels a side; left out where a body cannot take it.
    """
    others = [name for name in backbones if name not in own]
    if not others:
        return _all_own(own, work(()), resources, rate)
    takes = all(get_backbone(name).smallest_size <= image_size for name in others)
    larger = [size for size in common_sizes(others) if size > image_size or not takes]
    sizes = tuple([image_size] if takes else []) + tuple(larger)

    def cost(chosen: Sequence[int], by: Rate) -> Estimate:
        offered = tuple(chosen)
        return estimate(_offered(backbones, offered, own), work(offered), resources, by)

    guess = by_area(rate, sizes, own)
    offers = [sizes[: count + 1] for count in range(len(sizes))]
    position = largest_that_fits(offers, cost, guess, rate, seconds)
    found = cost(offers[position], rate)
    budget = f"{seconds / 60:.0f} min"
    reason = f"every size that suits all of them, and all fit into {budget}"
    if position + 1 < len(sizes):
        reason = f"every size up to where {budget} end; {sizes[position + 1]} px does not fit"
    if found.total > seconds and not position:
        reason = f"the smallest alone; even this takes longer than {budget}"
    return Sizing(offers[position], "; ".join([reason, *_own_words(own)]), found)


def fixed_size(
    size: int, backbones: Sequence[str], work: Workload, resources: Resources, rate: Rate
) -> Sizing:
    """The sizing of a search whose input size a person has fixed."""
    found = estimate(_offered(backbones, [size], {}), work, resources, rate)
    return Sizing((size,), "fixed, by --set or by the space", found)


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
    if not fits and position:
        return f"the smallest would hardly be faster; at any size it takes longer than {budget}"
    if not fits:
        return f"the smallest sensible one; even this takes longer than {budget}"
    if position == len(sizes) - 1:
        return f"the largest that suits {whom}, and it fits into {budget}"
    return f"the largest that fits into {budget} on this machine; {sizes[position + 1]} px does not"
