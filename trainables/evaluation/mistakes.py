"""The mistakes that cost the most.

Shapes: N examples, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trainables.evaluation.metrics import log_softmax


@dataclass(frozen=True)
class Mistake:
    """One example that was called something else.

    Args:
        index: of the image in what was evaluated: the data set's training images for `train` and
            `val`, its test images for `test`.
        label, predicted: names of its class and of what it was taken for.
        loss: its cross-entropy, in nats: -log of the probability given to `label`.
        confidence: probability given to `predicted`.
    """

    index: int
    label: str
    predicted: str
    loss: float
    confidence: float


def worst_mistakes(
    logits_NK: np.ndarray,
    labels_N: np.ndarray,
    indices_N: np.ndarray,
    classes: Sequence[str],
    *,
    limit: int,
) -> tuple[Mistake, ...]:
    """Wrong examples by loss, highest first; ties in the order of the examples."""
    predicted_N = logits_NK.argmax(axis=1)
    wrong_W = np.flatnonzero(predicted_N != labels_N)
    logs_WK = log_softmax(logits_NK[wrong_W])
    loss_W = -logs_WK[np.arange(len(wrong_W)), labels_N[wrong_W]]
    order = np.argsort(-loss_W, kind="stable")[:limit]
    return tuple(
        Mistake(
            index=int(indices_N[row]),
            label=classes[int(labels_N[row])],
            predicted=classes[int(predicted_N[row])],
            loss=float(loss_W[place]),
            confidence=float(np.exp(logs_WK[place, predicted_N[row]])),
        )
        for place in order.tolist()
        for row in [int(wrong_W[place])]
    )
