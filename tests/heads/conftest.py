"""A small problem that a linear head can learn, but not without mistakes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

CLASSES = 4


@dataclass(frozen=True)
class Problem:
    features_NF: np.ndarray
    labels_N: np.ndarray


@pytest.fixture(scope="session")
def problem() -> Problem:
    """400 examples, 24 features of very different scale and offset, 4 overlapping classes."""
    rng = np.random.default_rng(0)
    labels_N = rng.integers(0, CLASSES, 400)
    centres_KF = rng.normal(size=(CLASSES, 24))
    clean_NF = centres_KF[labels_N] + 1.5 * rng.normal(size=(400, 24))
    scale_F, offset_F = np.exp(rng.normal(size=24)), 3 * rng.normal(size=24)
    return Problem((clean_NF * scale_F + offset_F).astype(np.float32), labels_N)
