"""The head of an active round, and of weak supervision: the default recipe of a linear probe.

Not the trial's own recipe: which labels are bought should not hang on a learning rate that is still
being searched for, or every trial would have to buy its own.

Shapes: N images, R rows trained on, F features, K classes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from trainables.config import TrialConfig

# Rows seen in training: what the default recipe comes to with 2,000 labels. Tens of thousands of
# pseudo-labels would train for minutes, from a start in closed form that they settle already.
_ROWS_SEEN = 60_000


@dataclass(frozen=True, eq=False)
class LinearHead:
    """Weight [K, F] and bias [K] on raw features."""

    weight_KF: np.ndarray
    bias_K: np.ndarray

    def logits(self, features_NF: np.ndarray) -> np.ndarray:
        """[N, K] float32."""
        logits_NK: np.ndarray = features_NF @ self.weight_KF.T + self.bias_K
        return logits_NK

    def probabilities(self, features_NF: np.ndarray) -> np.ndarray:
        """[N, K] float64."""
        probabilities_NK: np.ndarray = softmax(self.logits(features_NF).astype(np.float64), axis=1)
        return probabilities_NK


def fit_head(
    features_NF: np.ndarray, rows_R: np.ndarray, labels_R: np.ndarray, *, classes: int, seed: int
) -> LinearHead:
    """A head trained on `rows_R` alone; classes may be missing there."""
    from trainables.heads import HeadSpec, train_heads  # torch

    recipe = TrialConfig.model_validate({})
    epochs = max(1, min(recipe.epochs, math.ceil(_ROWS_SEEN / len(rows_R))))
    spec = HeadSpec(
        train_N=np.arange(len(rows_R)),
        val_M=np.arange(0),
        lr=recipe.lr,
        weight_decay=recipe.weight_decay,
        dropout=recipe.dropout,
        seed=seed,
        start=recipe.head_start,
    )
    # One copy of the rows in use: the trainer need not look at the others.
    *_, last = train_heads(
        features_NF[rows_R],
        labels_R,
        [spec],
        n_classes=classes,
        batch_size=recipe.batch_size,
        epochs=epochs,
        every=epochs,
    )
    return LinearHead(last.weight_HKF[0].numpy(), last.bias_HK[0].numpy())
