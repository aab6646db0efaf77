"""How long a search takes: what its trials push through their bodies, by measured speed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from orchestrator.plan.value import Estimate, Resources
from orchestrator.plan.workload import (
    ATTACK_PASSES,
    LAST_STAGE,
    SECOND_PASSES,
    Likely,
    Planned,
    Workload,
    trial_kind,
)
from trainables.features import measure_speed

__all__ = [
    "ATTACK_PASSES",
    "HEAD_SECONDS",
    "LAST_STAGE",
    "SECOND_PASSES",
    "SHARED",
    "START_SECONDS",
    "Rate",
    "Workload",
    "estimate",
    "measured_rate",
]

START_SECONDS = 12.0  # Ray, workers and their imports, on 2 cores
HEAD_SECONDS = 1.5  # a linear head with its files, on 1 core: 1.24 in benchmarks/RESULTS.md
# Trials side by side share caches and memory bandwidth. Assumed, not measured by itself: with it
# a first search planned at 2 min 51 s was over in about 3 min 20 s (n = 1).
SHARED = 0.85

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


def estimate(
    sizes: Mapping[str, Sequence[int]], work: Workload, resources: Resources, rate: Rate
) -> Estimate:
    """Wall seconds of the whole search.

    Args:
        sizes: by backbone, those that its trials choose among, ascending; baselines run first, the
            rest anywhere in the space. What is kept is extracted once.
    """
    likely = work.likely(sizes)
    first = min(len(likely.first), work.trials)
    further = work.trials - first
    lanes = resources.concurrency * (SHARED if resources.concurrency > 1 else 1.0)
    lanes = max(1.0, min(lanes, work.trials))

    def trials(passes: Callable[[Planned], float]) -> float:
        """Seconds of all trials, one after the other."""
        found = first * _mean(likely.first, passes, rate)
        return found + (further * _mean(likely.further, passes, rate) if further else 0.0)

    extract = _extraction(likely, work, rate, first, further) / lanes
    attack = trials(work.attacked) / lanes
    corrupt = (trials(work.corrupted) + work.trials * work.corrupting_seconds) / lanes
    overhead = HEAD_SECONDS * work.trials / lanes
    every = likely.first + (likely.further if further else ())
    is_head = all(trial.recipe.tune == "head" for trial in every)
    train = 0.0 if is_head else trials(work.anew) / lanes + overhead
    head = overhead if is_head else 0.0
    total = START_SECONDS + extract + train + head + attack + corrupt
    return Estimate(total, extract, head, attack, START_SECONDS, train, corrupt)


def _mean(trials: Sequence[Planned], passes: Callable[[Planned], float], rate: Rate) -> float:
    """Seconds of one of `trials`."""
    costs = [(passes(trial), trial) for trial in trials]
    spent = sum(cost / rate(each.backbone, each.pixels) * each.weight for cost, each in costs)
    return spent / sum(trial.weight for trial in trials)


def _extraction(likely: Likely, work: Workload, rate: Rate, first: int, further: int) -> float:
    """Seconds to extract what is kept, once for all trials that see the same images alike.

    Of what further trials need beyond the first ones', each is expected to need another.
    """

    def seconds(trials: Sequence[Planned]) -> dict[tuple[object, ...], float]:
        """Of each extraction that they need, by all that makes it another one."""
        found: dict[tuple[object, ...], float] = {}
        for trial in trials:
            recipe = trial.recipe
            seen = (trial.backbone, trial.pixels, recipe.resize, recipe.split_seed)
            key = (*seen, trial_kind(trial))
            cost = work.kept(trial) / rate(trial.backbone, trial.pixels)
            found[key] = max(found.get(key, 0.0), cost)
            if teacher := work.teaching(trial):
                taught = (teacher.backbone, teacher.size, *seen[2:], "features")
                cost = teacher.images / rate(teacher.backbone, teacher.size)
                found[taught] = max(found.get(taught, 0.0), cost)
        return found

    once = seconds(likely.first)
    again = [cost for key, cost in seconds(likely.further).items() if key not in once and cost]
    found = sum(once.values()) * first / len(likely.first)
    return found + (min(further, len(again)) * sum(again) / len(again) if again else 0.0)
