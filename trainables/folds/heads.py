"""A head on cached features, cross-validated: all folds' heads and the one kept, in one batch.

Shapes: H heads, R repeats, N labelled images, F features, K classes.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from trainables.checkpoint import Checkpoint
from trainables.config import TrialConfig
from trainables.folds.drawing import Fold
from trainables.following import Epoch, follow
from trainables.heads import HeadsEpoch
from trainables.probe import head_course, head_spec, train_specs
from trainables.reports import EpochReport
from trainables.setup import TrialSetup
from trainables.trained import Trained


def train_head_over_folds(
    config: TrialConfig,
    setup: TrialSetup,
    features_NF: np.ndarray | None,
    folds: Sequence[Fold],
    *,
    checkpoint: Checkpoint,
    saved: Mapping[str, Any] | None = None,
    kept: Mapping[str, Any],
) -> Generator[EpochReport, None, Trained]:
    """As `probe.train_head`; validation figures are means over the folds' heads.

    Raises:
        Diverged: the loss of a head is not finite; names the epoch and the step.
    """
    assert features_NF is not None  # a head has no other inputs
    every_N = np.arange(len(features_NF))
    specs = [
        head_spec(config, every_N, every_N[:0]),
        *(head_spec(config, fold.train_N, fold.val_M) for fold in folds),
    ]
    heads = train_specs(config, setup, features_NF, specs, saved["model"] if saved else None)
    last: HeadsEpoch | None = None

    def as_one() -> Iterator[Epoch]:
        nonlocal last
        for last in heads:
            yield _as_one(last)

    history, seconds = yield from follow(as_one(), head_course(config, checkpoint, kept, saved))
    assert last is not None  # at least the last epoch is always left to do
    weight_HKF, bias_HK = last.weight_HKF.cpu().numpy(), last.bias_HK.cpu().numpy()
    return Trained(
        weights={"weight": weight_HKF[0].copy(), "bias": bias_HK[0].copy()},
        logits_NK=features_NF @ weight_HKF[0].T + bias_HK[0],
        history=history,
        seconds=seconds,
        out_of_fold_RNK=_unseen(features_NF, weight_HKF[1:], bias_HK[1:], folds),
    )


def _as_one(heads: HeadsEpoch) -> Epoch:
    """Training figures of the head that is kept, validation figures of the others."""
    metrics = {
        name: float(values_H[1:].mean() if name.startswith("val_") else values_H[0])
        for name, values_H in heads.metrics.items()
    }
    bad_H = heads.bad_step_H[heads.bad_step_H >= 0]
    return Epoch(heads.epoch, metrics, int(bad_H.min()) if len(bad_H) else -1, heads.state)


def _unseen(
    features_NF: np.ndarray, weight_HKF: np.ndarray, bias_HK: np.ndarray, folds: Sequence[Fold]
) -> np.ndarray:
    """Logits [R, N, K] of each image by the head that did not see it."""
    shape = (folds[-1].repeat + 1, len(features_NF), bias_HK.shape[1])
    out_of_fold_RNK = np.empty(shape, np.float32)
    for fold, weight_KF, bias_K in zip(folds, weight_HKF, bias_HK, strict=True):
        held_out_MF = features_NF[fold.val_M]
        out_of_fold_RNK[fold.repeat, fold.val_M] = held_out_MF @ weight_KF.T + bias_K
    return out_of_fold_RNK
