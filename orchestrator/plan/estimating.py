"""How long a search takes: what its trials push through their bodies, by measured speed."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.plan.value import Estimate, Resources
from trainables.backbones import get_backbone
from trainables.config import TrialConfig
from trainables.features import measure_speed
from trainables.inputs import kind_of_inputs

START_SECONDS = 12.0  # Ray, workers and their imports, on 2 cores
HEAD_SECONDS = 1.5  # a linear head with its files, on 1 core: 1.24 in benchmarks/RESULTS.md
# Attacking one image costs about this many images' extraction: a forward and a backward pass, and
# one more forward pass an epsilon for the images that are right. Seen in searches of the Lite
# nets at 192 and 224 px: 7.4, 7.7, 9.3 and 10.
ATTACK_PASSES = 9.0
# Training on an image costs about this many images' extraction, which runs a folded body: measured
# by benchmarks/train_passes.py; of nets with depthwise convolutions, and of others.
DEPTHWISE_PASSES, TRAIN_PASSES = 7.0, 3.5
# The last stage's share of a forward pass. Multiplications, counted by torch's FlopCounterMode at
# 128 px: tf_efficientnet_lite0 0.37, _lite2 0.33, mobilenet_v2 0.30, resnet18 0.23, vgg16 0.11.
LAST_STAGE = 0.3
# Trials side by side share caches and memory bandwidth. Assumed, not measured by itself: with it
# a first search planned at 2 min 51 s was over in about 3 min 20 s (n = 1).
SHARED = 0.85

Rate = Callable[[str, int], float]
"""Images a second of one trial's body, by backbone and input size."""


@dataclass(frozen=True)
class Workload:
    """What one trial has to push through its body.

    Args:
        train, val, attack: images to train on, to validate on, to attack.
        trials: of the whole search.
        recipe: what trials share of how they train.
    """

    train: int
    val: int
    attack: int
    trials: int
    precision: str
    device: str
    recipe: TrialConfig

    def once(self, backbone: str) -> float:
        """Forward passes of an image that are kept for all trials with this body."""
        kind = kind_of_inputs(self.recipe, get_backbone(backbone))
        share = {"features": 1.0, "front": 1 - LAST_STAGE, "images": 0.0}[kind]
        return share * (self.train + self.val)

    def attacked(self, backbone: str) -> float:
        """Forward passes of an image that the attack costs each trial."""
        del backbone
        return self.attack * ATTACK_PASSES

    def anew(self, backbone: str) -> float:
        """Forward passes of an image that training costs each trial."""
        kind = kind_of_inputs(self.recipe, get_backbone(backbone))
        if kind == "features":
            return 0.0
        trains = 1.0 if self.recipe.tune == "all" else LAST_STAGE
        runs = trains if kind == "front" else 1.0
        passes = DEPTHWISE_PASSES if _has_depthwise(backbone) else TRAIN_PASSES
        an_epoch = (runs + (passes - 1) * trains) * self.train + runs * self.val
        return self.recipe.epochs * an_epoch


@functools.cache
def _has_depthwise(backbone: str) -> bool:
    from trainables.depthwise import has_depthwise

    return has_depthwise(get_backbone(backbone))


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
        sizes: by backbone, those that its trials choose among, ascending; baselines, one a
            backbone, run at the last, the rest at any. What is kept is extracted once a size.
    """
    count = len(sizes)
    baselines = min(count, work.trials)
    further = work.trials - baselines
    lanes = resources.concurrency * (SHARED if resources.concurrency > 1 else 1.0)
    lanes = max(1.0, min(lanes, work.trials))

    def mean(passes: Callable[[str], float], *, largest: bool) -> float:
        """Seconds of a trial, over backbones and sizes."""
        each = [
            passes(name) / rate(name, size) / (1 if largest else len(offered))
            for name, offered in sizes.items()
            for size in (offered[-1:] if largest else offered)
        ]
        return sum(each) / count

    def trials(passes: Callable[[str], float]) -> float:
        found = baselines * mean(passes, largest=True)
        return found + (further * mean(passes, largest=False) if further else 0.0)

    smaller = [work.once(n) / rate(n, s) for n, offered in sizes.items() for s in offered[:-1]]
    again = min(further, count) * sum(smaller) / count
    extract = (baselines * mean(work.once, largest=True) + again) / lanes
    attack = trials(work.attacked) / lanes
    overhead = HEAD_SECONDS * work.trials / lanes
    is_head = work.recipe.tune == "head"
    train = 0.0 if is_head else trials(work.anew) / lanes + overhead
    head = overhead if is_head else 0.0
    total = START_SECONDS + extract + train + head + attack
    return Estimate(total, extract, head, attack, START_SECONDS, train)
