"""What a method of weak supervision is given, and what it gives.

Shapes: N images, B labelled, M not labelled, P given a pseudo-label, F features, K classes.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from search_spaces.options import Option, Value

if TYPE_CHECKING:
    from trainables.config import TrialConfig
    from trainables.reports import Progress
    from trainables.setup import TrialSetup
    from trainables.training.fixmatch import FixMatch
    from trainables.weak.learning import WeakSpec

POOL = Option(
    "pool",
    0,
    "unlabelled images that take part, drawn at random; below 1 a share of all, and 0 is all",
)
"""An option of every method but `none`."""

Trains = Literal["any", "head", "net"]
"""What a method is for: a head on cached features, or a net that sees images."""


@dataclass(frozen=True, eq=False)
class Labelling:
    """One task: few labels, and many images without.

    Args:
        features_NF: float32, of all images.
        labelled_B: rows whose labels are known.
        labels_B: those labels.
        classes: how many there are.
        seed: of all that is random.
        options: by name, all of them.
    """

    features_NF: np.ndarray
    labelled_B: np.ndarray
    labels_B: np.ndarray
    classes: int
    seed: int
    options: Mapping[str, Value]

    @property
    def unlabelled_M(self) -> np.ndarray:
        """All other rows, ascending."""
        return np.setdiff1d(np.arange(len(self.features_NF)), self.labelled_B)

    def number(self, name: str) -> float:
        """An option's value."""
        return float(self.options[name])


UNLABELLED = -1
"""In the place of a pseudo-label, of an image that has none."""


@dataclass(frozen=True, eq=False)
class PseudoLabels:
    """Labels that a method is sure enough of; none of a labelled image.

    Args:
        rows_P: of the features that were given, or places in the data set.
        labels_P: int64; `UNLABELLED` where training itself has to find one.
    """

    rows_P: np.ndarray
    labels_P: np.ndarray


TakesPool = Callable[
    ["TrialConfig", "TrialSetup", "WeakSpec", np.ndarray],
    Generator["Progress", None, PseudoLabels],
]
"""(config, setup, spec, places_M of the pool that take part) -> what to train on, by place."""

MakesConsistency = Callable[["TrialConfig", "WeakSpec", Sequence[float]], "FixMatch"]
"""(config, spec, mean_C of the images) -> the loss of a training on images without a label."""


@dataclass(frozen=True)
class WeakMethod:
    """A way to learn from images without labels.

    A method either labels by features (`label`: whoever has features can use it), or says itself
    which images of a trial's pool are trained on and with which pseudo-labels (`take`).

    Args:
        name: as `weak` takes it.
        sentence: what it does, in one; names its source.
        label: pseudo-labels of some of the images, by their features.
        options: what can be set. `labelled` is the share of a batch that has true labels, and
            without it images are mixed as they come.
        trains: what it is for.
        take: in the place of `label`.
        consistency: makes the loss on images that have no label while they are trained on.
    """

    name: str
    sentence: str
    label: Callable[[Labelling], PseudoLabels] | None = None
    options: tuple[Option, ...] = ()
    trains: Trains = "head"
    take: TakesPool | None = None
    consistency: MakesConsistency | None = None
