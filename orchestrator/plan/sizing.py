"""Chooses the input size: the largest at which the whole search fits the time there is.

Pretrained or not comes first, then the input size, then the body (shared/facts.md measured 72 to
78 % for the same body at 128 and 224 px), so a search takes the largest size it can afford. Every
baseline runs at it; the sampler may also take the next smaller one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from orchestrator.plan.value import Estimate, Resources
from trainables.backbones import get_backbone
from trainables.features import measure_speed

DEFAULT_SECONDS = 270.0  # so that a first search is over in about five minutes
START_SECONDS = 12.0  # Ray, workers and their imports, on 2 cores
HEAD_SECONDS = 1.5  # a linear head with its files, on 1 core: 1.24 in benchmarks/RESULTS.md
# Attacking one image costs about this many images' extraction: a forward and a backward pass, and
# one more forward pass an epsilon for the images that are right. Seen in searches of the Lite
# nets at 192 and 224 px: 7.4, 7.7, 9.3 and 10.
ATTACK_PASSES = 9.0
# Trials side by side share caches and memory bandwidth. Assumed, not measured by itself: with it
# a first search planned at 2 min 51 s was over in about 3 min 20 s (n = 1).
SHARED = 0.85
_REFERENCE = 128  # px; where speed is measured first
_SMALLER = 0.7  # the smallest further size worth searching, as a share of the chosen one


@dataclass(frozen=True)
class Workload:
    """What one trial has to push through its body: images to extract, images to attack."""

    extract: int
    attack: int
    trials: int
    precision: str
    device: str


@dataclass(frozen=True)
class Sizing:
    """The sizes to search (the last is the one to start from), why, and the time they take."""

    sizes: tuple[int, ...]
    reason: str
    estimate: Estimate


Rate = Callable[[str, int], float]
"""Images a second of one trial's body, by backbone and input size."""


def measured_rate(work: Workload, resources: Resources, say: Callable[[str], None]) -> Rate:
    """Measures each backbone once at each size asked for; remembers it on this machine."""
    known: dict[tuple[str, int], float] = {}
    threads = max(1, int(resources.cpus_per_trial))

    def rate(backbone: str, size: int) -> float:
        if (backbone, size) not in known:
            say(f"measuring the speed of {backbone} at {size} px")
            known[backbone, size] = measure_speed(
                backbone, size, work.precision, threads=threads, device=work.device
            )
        return known[backbone, size]

    return rate


def common_sizes(backbones: Sequence[str]) -> tuple[int, ...]:
    """Sizes that are sensible for all of them, ascending; never empty."""
    specs = [get_backbone(name) for name in backbones]
    shared = set.intersection(*(set(spec.sizes) for spec in specs))
    least = max(spec.smallest_size for spec in specs)
    return tuple(sorted(size for size in shared if size >= least)) or (
        max(least, min(spec.natural_size for spec in specs)),
    )


def choose_sizes(
    backbones: Sequence[str], work: Workload, resources: Resources, rate: Rate, seconds: float
) -> Sizing:
    """The largest common size at which the search fits into `seconds`, and the next smaller one."""
    sizes = common_sizes(backbones)
    reference = _REFERENCE if _REFERENCE in sizes else sizes[0]
    rates = {name: rate(name, reference) for name in backbones}

    def guessed(name: str, size: int) -> float:
        return rates[name] * (reference / size) ** 2

    fits = [
        s for s in sizes if _estimate(backbones, [s], work, resources, guessed).total <= seconds
    ]
    position = sizes.index(fits[-1]) if fits else 0
    # The guess by area is kind to large sizes; measure before settling on one.
    while (
        position and _estimate(backbones, [sizes[position]], work, resources, rate).total > seconds
    ):
        position -= 1
    chosen = sizes[position]
    smaller = [s for s in sizes[:position] if s >= _SMALLER * chosen][-1:]
    estimate = _estimate(backbones, [*smaller, chosen], work, resources, rate)
    if smaller and estimate.total > seconds:
        smaller, estimate = [], _estimate(backbones, [chosen], work, resources, rate)
    reason = _reason(sizes, position, seconds, estimate.total <= seconds)
    return Sizing((*smaller, chosen), reason, estimate)


def fixed_size(
    size: int, backbones: Sequence[str], work: Workload, resources: Resources, rate: Rate
) -> Sizing:
    """The sizing of a search whose input size a person has fixed."""
    estimate = _estimate(backbones, [size], work, resources, rate)
    return Sizing((size,), "fixed by --set input_size", estimate)


def _estimate(
    backbones: Sequence[str], sizes: Sequence[int], work: Workload, resources: Resources, rate: Rate
) -> Estimate:
    """Each backbone is extracted once a size; baselines run at the largest, the rest at any."""
    count = len(backbones)
    further = max(0, work.trials - count)
    lanes = resources.concurrency * (SHARED if resources.concurrency > 1 else 1.0)
    lanes = max(1.0, min(lanes, work.trials))
    passes = {size: sum(1 / rate(name, size) for name in backbones) / count for size in sizes}
    mean = sum(passes.values()) / len(sizes)
    smaller = sum(passes[size] for size in sizes[:-1]) * min(further, count)
    extract = work.extract * (passes[sizes[-1]] * min(count, work.trials) + smaller) / lanes
    attacked = min(count, work.trials) * passes[sizes[-1]] + further * mean
    attack = work.attack * ATTACK_PASSES * attacked / lanes
    head = HEAD_SECONDS * work.trials / lanes
    total = START_SECONDS + extract + attack + head
    return Estimate(total, extract=extract, head=head, attack=attack, start=START_SECONDS)


def _reason(sizes: Sequence[int], position: int, seconds: float, fits: bool) -> str:
    budget = f"{seconds / 60:.0f} min"
    if not fits:
        return f"the smallest sensible one; even this takes longer than {budget}"
    if position == len(sizes) - 1:
        return f"the largest that suits all of them, and it fits into {budget}"
    return f"the largest that fits into {budget} on this machine; {sizes[position + 1]} px does not"
