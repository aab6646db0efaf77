"""All that a robustness score depends on: without it two scores cannot be compared.

Shapes: N images.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
import torch

from trainables.attacks.base import Attack
from trainables.attacks.traces import CountingModel


def provenance_of(
    attack: Attack,
    eps_255: Sequence[float],
    images_NHWC: np.ndarray,
    labels_N: np.ndarray,
    passes: CountingModel,
    known: Mapping[str, Any],
) -> dict[str, Any]:
    """Attack, epsilons, sample, passes and versions, and what the caller knows besides."""
    return {
        **attack.describe(),
        "eps_255": list(eps_255),
        "resolution": int(images_NHWC.shape[1]),
        "sample_digest": sample_digest(images_NHWC, labels_N),
        "count": len(labels_N),
        "forward_images": passes.forward_images,
        "backward_images": passes.backward_images,
        "torch": torch.__version__,
        "orchestrator": version("orchestrator"),
        **known,
    }


def sample_digest(images_NHWC: np.ndarray, labels_N: np.ndarray) -> str:
    """16 hex digits over the attacked pixels and their labels, in order."""
    digest = hashlib.sha256(np.ascontiguousarray(images_NHWC).tobytes())
    digest.update(np.asarray(labels_N, dtype=np.int64).tobytes())
    return digest.hexdigest()[:16]
