"""`learn`: a head from few labels and many images without, on features that are there already.

Whether a pseudo-label is right is nobody's business before the head is trained: `WeakHead.judged`
counts it afterwards, for the report.

Shapes: N images, B labelled, P given a pseudo-label, F features, K classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from search_spaces.errors import UsageError
from search_spaces.options import Value, as_typed
from trainables.weak.kind import Labelling, PseudoLabels, WeakMethod

if TYPE_CHECKING:
    from trainables.subsets.head import LinearHead


@dataclass(frozen=True)
class WeakSpec:
    """A method with all its options resolved."""

    method: WeakMethod
    options: Mapping[str, Value]

    def __str__(self) -> str:
        """As it is typed; options at their defaults are left out."""
        return as_typed(self.method.name, self.method.options, self.options)


@dataclass(frozen=True)
class Judged:
    """Pseudo-labels used, and how many of them were right."""

    used: int
    right: int

    @property
    def share(self) -> float:
        """Of those used; NaN where there were none."""
        return self.right / self.used if self.used else float("nan")


@dataclass(frozen=True, eq=False)
class WeakHead:
    """A head on raw features, and the pseudo-labels that it was trained on."""

    head: LinearHead
    pseudo: PseudoLabels

    def judged(self, labels_N: np.ndarray) -> Judged:
        """Against the true labels: only after training, for the report."""
        right = int((labels_N[self.pseudo.rows_P] == self.pseudo.labels_P).sum())
        return Judged(len(self.pseudo.rows_P), right)


def label(
    spec: WeakSpec,
    features_NF: np.ndarray,
    labelled_B: np.ndarray,
    labels_B: np.ndarray,
    *,
    classes: int,
    seed: int,
) -> PseudoLabels:
    """The pseudo-labels that `spec` gives by features, by row of them; as `learn`."""
    if not len(labelled_B):
        raise UsageError("Weak supervision needs labels to begin with.", got=0)
    if spec.method.label is None:
        raise UsageError("This method of weak supervision labels no features.", got=str(spec))
    task = Labelling(features_NF, labelled_B, labels_B, classes, seed, spec.options)
    return spec.method.label(task)


def learn(
    spec: WeakSpec,
    features_NF: np.ndarray,
    labelled_B: np.ndarray,
    labels_B: np.ndarray,
    *,
    classes: int,
    seed: int,
) -> WeakHead:
    """A head trained on the labels, and on the pseudo-labels that `spec` gives other images.

    Args:
        features_NF: of the labelled and of the unlabelled images; of nobody else's.

    Raises:
        UsageError: no label at all, or a method that does not label by features.
    """
    from trainables.subsets.head import fit_head

    pseudo = label(spec, features_NF, labelled_B, labels_B, classes=classes, seed=seed)
    rows = np.concatenate([labelled_B, pseudo.rows_P])
    labels = np.concatenate([labels_B, pseudo.labels_P])
    return WeakHead(fit_head(features_NF, rows, labels, classes=classes, seed=seed), pseudo)
