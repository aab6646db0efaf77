"""Supervised training alone: what weak supervision has to beat."""

from __future__ import annotations

import numpy as np

from trainables.weak.kind import Labelling, PseudoLabels, WeakMethod


def label(task: Labelling) -> PseudoLabels:
    """No image."""
    del task
    return PseudoLabels(np.empty(0, np.int64), np.empty(0, np.int64))


NONE = WeakMethod(
    "none", "the labels alone; unlabelled images are not looked at", label, trains="any"
)
