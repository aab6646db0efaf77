"""The head of a net: the scale of its features, which is settled beforehand, and a layer on them.

On a pretrained body a linear head starts at the ridge solution on the body's first features, so
that the first steps don't tear the body about for a head that knows nothing (Kumar et al.,
Fine-Tuning can Distort Pretrained Features and Underperform Out-of-Distribution, 2022).

Shapes: N examples, F features, K classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from trainables.head_modules import HEADS
from trainables.heads.scaling import Scaling
from trainables.heads.start import ridge_start
from trainables.training.measure import logits_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trainables.backbones import Backbone
    from trainables.config import TrialConfig


LAST_LAYER = "layer.classifier.weight"
"""[K, ...] in the state of every registered head."""


class ScaledHead(nn.Module):
    """features_NF -> logits_NK: (features - mean) * scale, then `layer`.

    Args:
        mean_F, scale_F: fixed; 0 and 1 leave the features as they are.
    """

    mean_F: torch.Tensor
    scale_F: torch.Tensor

    def __init__(self, layer: nn.Module, mean_F: torch.Tensor, scale_F: torch.Tensor) -> None:
        super().__init__()
        self.layer = layer
        self.register_buffer("mean_F", mean_F)
        self.register_buffer("scale_F", scale_F)

    def forward(self, features_NF: torch.Tensor) -> torch.Tensor:
        """[N, F] -> [N, K], float32."""
        return self.layer((features_NF.float() - self.mean_F) * self.scale_F)


def new_head(
    config: TrialConfig,
    spec: Backbone,
    stem: nn.Module,
    inputs_N: torch.Tensor,
    labels_N: torch.Tensor,
    train_N: torch.Tensor,
    classes: int,
    *,
    pretrained: bool,
) -> ScaledHead:
    """A head on what `stem` makes of the inputs before it has learnt anything.

    Args:
        stem: inputs -> features_NF.
        train_N: rows of the inputs whose labels may be looked at.
        pretrained: whether those first features mean something: only then are they scaled, and a
            linear head started by ridge regression.
    """
    looked_N = train_N if pretrained else train_N[:1]
    features_NF = logits_of(stem, inputs_N, looked_N)
    generator = torch.Generator().manual_seed(config.seed)
    layer = HEADS.get(config.head)(
        features_NF.shape[1],
        classes,
        dropout=config.dropout,
        bias=spec.head_bias,
        generator=generator,
    ).to(features_NF.device)
    if not pretrained:
        zeros_F = torch.zeros_like(features_NF[0])
        return ScaledHead(layer, zeros_F, zeros_F + 1)
    scaling = Scaling.of(features_NF, [torch.arange(len(looked_N), device=features_NF.device)])
    if config.head == "linear":
        _start(config, layer, scaling.apply(features_NF, 0), labels_N[looked_N], classes)
    return ScaledHead(layer, scaling.mean_HF[0], scaling.scale_HF[0])


def _start(
    config: TrialConfig,
    layer: nn.Module,
    z_NF: torch.Tensor,
    labels_N: torch.Tensor,
    classes: int,
) -> None:
    """As `config.head_start` says."""
    linear = layer.get_submodule("classifier")
    assert isinstance(linear, nn.Linear)
    with torch.no_grad():
        nn.init.zeros_(linear.weight)
        if config.head_start == "ridge":
            weight_KF, bias_K = ridge_start(z_NF, labels_N, classes)
            linear.weight.copy_(weight_KF)
            if linear.bias is not None:
                linear.bias.copy_(bias_K)


def saved_head(name: str, state: Mapping[str, np.ndarray]) -> ScaledHead:
    """The head that `state` was taken from; in eval mode.

    Args:
        name: a registered head.
        state: of a `ScaledHead`.
    """
    tensors = {key: torch.from_numpy(np.array(array)) for key, array in state.items()}
    classes = len(tensors[LAST_LAYER])
    layer = HEADS.get(name)(
        len(tensors["mean_F"]),
        classes,
        dropout=0.0,
        bias="layer.classifier.bias" in tensors,
        generator=torch.Generator(),
    )
    head = ScaledHead(layer, tensors["mean_F"], tensors["scale_F"])
    head.load_state_dict(tensors)
    return head.eval()
