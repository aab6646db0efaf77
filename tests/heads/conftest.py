"""A small problem that a linear head can learn, but not without mistakes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from head_parts import CLASSES, Problem


@pytest.fixture(scope="session")
def problem() -> Problem:
    """400 examples, 24 features of very different scale and offset, 4 overlapping classes."""
    rng = np.random.default_rng(0)
    labels_N = rng.integers(0, CLASSES, 400)
    centres_KF = rng.normal(size=(CLASSES, 24))
    clean_NF = centres_KF[labels_N] + 1.5 * rng.normal(size=(400, 24))
    scale_F, offset_F = np.exp(rng.normal(size=24)), 3 * rng.normal(size=24)
    return Problem((clean_NF * scale_F + offset_F).astype(np.float32), labels_N)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """These tensors are small: a second thread only waits, and would count as time."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
