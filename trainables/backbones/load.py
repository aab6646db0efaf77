"""`load_body`: a backbone's name to a frozen body that is ready for images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import torch
from torch import nn

from search_spaces.errors import UsageError
from trainables.backbones.registry import get_backbone
from trainables.backbones.spec import Backbone
from trainables.backbones.state import body_from_file
from trainables.backbones.weights import find_weights


class FrozenBody(nn.Module):
    """A body that no optimiser, no `.train()` and no forward pass changes.

    images_NCHW (normalised) -> features_NF; differentiable with respect to the images.
    """

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net.requires_grad_(False)
        self.eval()

    def forward(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        """[N, C, S, S] -> [N, F]."""
        return self.net(images_NCHW)

    def train(self, mode: bool = True) -> Self:  # noqa: ARG002 (the signature is torch's)
        """Stays in eval mode: BatchNorm statistics would drift, dropout would add noise."""
        return super().train(False)


@dataclass(frozen=True)
class Body:
    """A frozen body and where it comes from.

    Args:
        digest: 16 hex digits of the weights file's SHA-256, or "random-<seed>".
    """

    module: FrozenBody
    spec: Backbone
    digest: str


def load_body(
    name: str,
    *,
    weights: str = "pretrained",
    weights_dir: Path | None = None,
    seed: int = 0,
    allow_download: bool = True,
    progress: Callable[[str], None] | None = None,
) -> Body:
    """The body called `name`, frozen, in eval mode, on the CPU in float32.

    Args:
        weights: "pretrained", or "random" (drawn from `seed`; torch's own generator is untouched).

    Raises:
        UsageError: an unknown name, or a file in `weights_dir` that is not this net's.
        WeightsUnavailable: no pretrained weights to be had; lists every route.
    """
    spec = get_backbone(name)
    if weights == "random":
        return Body(FrozenBody(_random(spec, seed)), spec, f"random-{seed}")
    if weights != "pretrained":
        raise UsageError("Weights are either pretrained or random.", got=weights)
    found = find_weights(
        name, weights_dir=weights_dir, allow_download=allow_download, progress=progress
    )
    return Body(FrozenBody(body_from_file(spec, found.path)), spec, found.digest)


def _random(spec: Backbone, seed: int) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return spec.build()
