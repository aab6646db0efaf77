"""Digits at 16 px, and a small net that has learned them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from attack_parts import SmallNet
from sklearn.datasets import load_digits
from torch.nn import functional


@pytest.fixture(scope="session")
def digits() -> tuple[np.ndarray, np.ndarray]:
    """600 images [N, 16, 16, 3] uint8, and their labels."""
    bunch = load_digits()
    grey_N88 = (bunch.images[:600] * 255 / 16).astype(np.uint8)
    images_NHWC = np.repeat(grey_N88.repeat(2, axis=1).repeat(2, axis=2)[..., None], 3, axis=3)
    return images_NHWC, bunch.target[:600].astype(np.int64)


@pytest.fixture(scope="session")
def trained(digits: tuple[np.ndarray, np.ndarray]) -> SmallNet:
    """Right on nearly all of the first 500 digits. Tests must not change it."""
    images, labels = digits
    x_NCHW = torch.from_numpy(images[:500]).permute(0, 3, 1, 2).float() / 255
    y_N = torch.from_numpy(labels[:500])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = SmallNet()
        optimiser = torch.optim.Adam(net.parameters(), lr=1e-2)
        for _ in range(40):
            optimiser.zero_grad()
            functional.cross_entropy(net(x_NCHW), y_N).backward()
            optimiser.step()
    optimiser.zero_grad()
    return net.eval()


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """The net is small: a second thread only waits."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
