"""Which weights a trial's body has, known without building the body or importing torch."""

from __future__ import annotations

from trainables.config import TrialConfig


def weights_digest(config: TrialConfig) -> str:
    """16 hex digits of the weights file's SHA-256, or `random-<seed>`.

    Raises:
        UsageError: a file in `weights_dir` that is not this net's.
        WeightsUnavailable: no pretrained weights to be had; lists every route.
    """
    if config.weights == "random":
        return f"random-{config.seed}"
    from trainables.backbones import find_weights

    return find_weights(config.backbone, weights_dir=config.weights_dir).digest
