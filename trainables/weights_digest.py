"""Which weights a trial's body has, known without building the body or importing torch."""

from __future__ import annotations

from typing import Any

from trainables.backbones import find_weights, get_backbone, random_digest
from trainables.config import TrialConfig


def weights_digest(config: TrialConfig) -> str:
    """16 hex digits of the weights file's SHA-256, or as `random_digest` says.

    A net from scratch starts at random, whatever `config.weights` is.

    Raises:
        UsageError: a file in `weights_dir` that is not this net's.
        WeightsUnavailable: no pretrained weights to be had; lists every route.
    """
    if config.weights == "random" or not get_backbone(config.backbone).pretrained:
        return random_digest(config.seed, body_options(config))
    return find_weights(config.backbone, weights_dir=config.weights_dir).digest


def body_options(config: TrialConfig) -> dict[str, Any]:
    """What the trial's body is built with: the config's values of the options that its net has."""
    spec = get_backbone(config.backbone)
    return spec.chosen({name: getattr(config, name) for name in spec.options})
