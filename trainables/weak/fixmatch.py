"""FixMatch (Sohn et al., FixMatch: Simplifying Semi-Supervised Learning with Consistency and
Confidence, 2020): what a net is sure of on a weakly changed image it has to say of a strongly
changed one. The loss is in `trainables/training/fixmatch.py`.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from search_spaces.options import Option
from trainables.augment import POLICIES
from trainables.weak import mixing
from trainables.weak.kind import POOL, UNLABELLED, PseudoLabels, WeakMethod
from trainables.weak.learning import WeakSpec

if TYPE_CHECKING:
    from trainables.config import TrialConfig
    from trainables.reports import Progress
    from trainables.setup import TrialSetup
    from trainables.training.fixmatch import FixMatch

# All of table 4 of the paper but the optimiser's, which are the trial's own.
THRESHOLD = Option("threshold", 0.95, "the least probability of a pseudo-label", high=1)
RATIO = Option(
    mixing.RATIO, 7, "unlabelled images beside each labelled one of a batch", 1, whole=True
)
WEIGHT = Option("weight", 1.0, "weight of the loss on unlabelled images")
STRONG = Option(
    "strong",
    "strong",
    "the strong augmentation; `augment` is the weak one",
    choices=tuple(name for name in POLICIES if name != "none"),
)


def take(
    config: TrialConfig, setup: TrialSetup, spec: WeakSpec, places_M: np.ndarray
) -> Generator[Progress, None, PseudoLabels]:
    """All of them, without a label: training finds one at each step."""
    del config, setup, spec
    yield from ()
    return PseudoLabels(places_M, np.full(len(places_M), UNLABELLED, np.int64))


def consistency(config: TrialConfig, spec: WeakSpec, mean_C: Sequence[float]) -> FixMatch:
    """The loss of a training."""
    from trainables.training.fixmatch import FixMatch

    return FixMatch(
        weak=POLICIES.get(config.augment)(mean_C),
        strong=POLICIES.get(str(spec.options[STRONG.name]))(mean_C),
        threshold=float(spec.options[THRESHOLD.name]),
        weight=float(spec.options[WEIGHT.name]),
        label_smoothing=config.label_smoothing,
    )


FIXMATCH = WeakMethod(
    name="fixmatch",
    sentence="what a net is sure of on an image it learns on a changed one (Sohn et al. 2020)",
    options=(THRESHOLD, RATIO, WEIGHT, STRONG, POOL),
    trains="net",
    take=take,
    consistency=consistency,
)
