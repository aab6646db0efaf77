"""Cosines between an image's features and a prototype a class."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from trainables.head_modules.linear import linear_layer, with_dropout

# A logit lies within plus or minus the scale; with 1, ten classes could get no probability over
# 0.45. Gidaris and Komodakis start at 10 as well.
SCALE = 10.0


class Cosine(nn.Module):
    """features_NF -> scale * cos(features, weight_k) for each class k, the scale learnt.

    The length of a feature vector, which says more of the image than of its class, is divided out,
    as is that of a class's weights, which grows with how often it is seen. (Gidaris and Komodakis
    2018, Dynamic Few-Shot Visual Learning without Forgetting, arXiv 1804.09458, section 3.2; as
    Baseline++ in Chen et al. 2019, A Closer Look at Few-shot Classification, arXiv 1904.04232.)
    """

    def __init__(self, features: int, classes: int, *, generator: torch.Generator) -> None:
        super().__init__()
        self.weight = linear_layer(features, classes, bias=False, generator=generator).weight
        self.scale = nn.Parameter(torch.tensor(SCALE))

    def forward(self, features_NF: torch.Tensor) -> torch.Tensor:
        """[N, F] -> [N, K]."""
        directions_NF = functional.normalize(features_NF, dim=1)
        return self.scale * functional.linear(
            directions_NF, functional.normalize(self.weight, dim=1)
        )


def cosine(
    features: int,
    classes: int,
    *,
    dropout: float,
    bias: bool = True,  # noqa: ARG001 (a cosine has none)
    generator: torch.Generator,
) -> nn.Module:
    """features_NF -> logits_NK."""
    classifier = Cosine(features, classes, generator=generator)
    return with_dropout(classifier, dropout)
