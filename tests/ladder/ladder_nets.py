"""Digits at 8 px, and small nets of different strength that have learned them."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional

from trainables.attacks.ladder.sample import AttackedSample


class Digits(nn.Module):
    """One hidden layer, with BatchNorm and dropout: what an attack could leave a trace in."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Linear(192, width)
        self.norm = nn.BatchNorm1d(width)
        self.drop = nn.Dropout(0.2)
        self.last = nn.Linear(width, 10)

    def forward(self, images01_NCHW: torch.Tensor) -> torch.Tensor:
        """[N, 3, 8, 8] -> [N, 10]."""
        hidden = functional.relu(self.norm(self.first(images01_NCHW.flatten(1))))
        logits_NK: torch.Tensor = self.last(self.drop(hidden))
        return logits_NK


@cache
def digits() -> tuple[np.ndarray, np.ndarray]:
    """900 images [N, 8, 8, 3] uint8, and labels."""
    bunch = load_digits()
    grey_NHW = (bunch.images[:900] * 255 / 16).astype(np.uint8)
    return np.repeat(grey_NHW[..., None], 3, axis=3), bunch.target[:900].astype(np.int64)


def sample(count: int = 80, eps_255: float = 24.0, norm: str = "linf") -> AttackedSample:
    """Images that no net was trained on."""
    images, labels = digits()
    return AttackedSample(images[700 : 700 + count], labels[700 : 700 + count], norm, eps_255)


@cache
def net(train_eps_255: float, seed: int, width: int = 32) -> Digits:
    """Trained on 700 digits, against FGSM at `train_eps_255`. Tests must not change it."""
    images, labels = digits()
    x_NCHW = torch.from_numpy(images[:700]).permute(0, 3, 1, 2).float() / 255
    y_N = torch.from_numpy(labels[:700])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        made = Digits(width)
        optimiser = torch.optim.Adam(made.parameters(), lr=1e-2)
        for _ in range(60):
            x = x_NCHW.clone().requires_grad_(True)
            loss = functional.cross_entropy(made(x), y_N)
            (gradient,) = torch.autograd.grad(loss, x)
            moved = (x_NCHW + train_eps_255 / 255 * gradient.sign()).clamp(0, 1)
            optimiser.zero_grad()
            functional.cross_entropy(made(moved), y_N).backward()
            optimiser.step()
    optimiser.zero_grad()
    return made.eval()


class Counted(nn.Module):
    """An independent count: images forward, and images that a gradient came back for."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner
        self.forward_images = self.backward_images = 0

    def forward(self, images01_NCHW: torch.Tensor) -> torch.Tensor:
        """[N, 3, 8, 8] -> [N, 10]."""
        self.forward_images += images01_NCHW.shape[0]
        if images01_NCHW.requires_grad:
            images01_NCHW.register_hook(self._back)
        logits_NK: torch.Tensor = self.inner(images01_NCHW)
        return logits_NK

    def _back(self, gradient: torch.Tensor) -> None:
        self.backward_images += gradient.shape[0]
