"""Heads as modules, features_NF -> logits_NK, for bodies that train. By name, without torch.

A head on cached features is trained by `trainables/heads/`, many at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from search_spaces.registry import Registry

if TYPE_CHECKING:
    import torch
    from torch import nn


class HeadFactory(Protocol):
    """Makes a head, on the CPU."""

    def __call__(
        self,
        features: int,
        classes: int,
        *,
        dropout: float,
        bias: bool,
        generator: torch.Generator,
    ) -> nn.Module:
        """A head whose weights come from `generator` alone.

        Args:
            features: F.
            classes: K.
            dropout: share of the features that is dropped in training (`nets/dropout.py`).
            bias: whether the last layer has one, where it can (`Backbone.head_bias`).
        """


HEADS: Registry[HeadFactory] = Registry(
    "head",
    {
        "linear": "trainables.head_modules.linear:linear",
        "mlp": "trainables.head_modules.mlp:mlp",
        "cosine": "trainables.head_modules.cosine:cosine",
        "scaled": "trainables.head_modules.scaled:scaled",
    },
    group="orchestrator.heads",
)
