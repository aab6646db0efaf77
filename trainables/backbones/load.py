"""`load_body`: a backbone's name to a frozen body that is ready for images.

What trains is a copy of it: see `trainables/tuning.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import torch
from torch import nn

from search_spaces.errors import UsageError
from trainables.backbones.options import check_options, feature_count, random_digest
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
        digest: 16 hex digits of the weights file's SHA-256, or as `random_digest` says.
        options: what it was built with, see `Backbone.options`.
    """

    module: FrozenBody
    spec: Backbone
    digest: str
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def features(self) -> int:
        """F, the length of its feature vector."""
        return feature_count(self.spec, self.options)


def load_body(
    name: str,
    *,
    weights: str = "pretrained",
    weights_dir: Path | None = None,
    seed: int = 0,
    options: Mapping[str, Any] | None = None,
    allow_download: bool = True,
    progress: Callable[[str], None] | None = None,
) -> Body:
    """The body called `name`, frozen, in eval mode, on the CPU in float32.

    Args:
        weights: "pretrained", or "random" (drawn from `seed`; torch's own generator is untouched).
            A net from scratch is drawn from `seed` either way.
        options: "depth", "width", "body_dropout", for a net that has them.

    Raises:
        UsageError: an unknown name or option, or a file in `weights_dir` that is not this net's.
        WeightsUnavailable: no pretrained weights to be had; lists every route.
    """
    spec, options = get_backbone(name), options or {}
    check_options(spec, options)
    if weights not in ("pretrained", "random"):
        raise UsageError("Weights are either pretrained or random.", got=weights)
    if weights == "random" or not spec.pretrained:
        net = _random(spec, seed, options)
        return Body(FrozenBody(net), spec, random_digest(seed, options), options)
    found = find_weights(
        name, weights_dir=weights_dir, allow_download=allow_download, progress=progress
    )
    return Body(FrozenBody(body_from_file(spec, found.path)), spec, found.digest)


def _random(spec: Backbone, seed: int, options: Mapping[str, Any]) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return spec.build(**options)
