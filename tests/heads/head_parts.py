"""The problem that the tests of the heads share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CLASSES = 4


@dataclass(frozen=True)
class Problem:
    """Features [N, F] and labels [N]."""

    features_NF: np.ndarray
    labels_N: np.ndarray
