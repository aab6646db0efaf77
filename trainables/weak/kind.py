"""What a method of weak supervision is given, and what it gives.

Shapes: N images, B labelled, M not labelled, P given a pseudo-label, F features, K classes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from search_spaces.options import Option, Value


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


@dataclass(frozen=True, eq=False)
class PseudoLabels:
    """Labels that a method is sure enough of; none of a labelled image."""

    rows_P: np.ndarray
    labels_P: np.ndarray


@dataclass(frozen=True)
class WeakMethod:
    """A way to label images by what few labels say.

    Args:
        name: as `weak` takes it.
        sentence: what it does, in one; names its source.
        label: pseudo-labels of some of the images.
        options: what can be set.
    """

    name: str
    sentence: str
    label: Callable[[Labelling], PseudoLabels]
    options: tuple[Option, ...] = ()
