"""The training of a trial that is cross-validated: `validation=kfold:5x4`.

Folds are of the labelled images, so that no label outside the budget is used; what the trial keeps
is trained on all of them. Its validation figures are means over the folds.

Shapes: N labelled images.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Generator, Mapping
from typing import Any

import numpy as np

from search_spaces.errors import InfeasibleTrial, UsageError
from trainables.checkpoint import Checkpoint
from trainables.config import TrialConfig
from trainables.evaluation import accuracy
from trainables.folds.drawing import check_folds, draw_folds
from trainables.folds.figures import cross_validated
from trainables.folds.heads import train_head_over_folds
from trainables.folds.kind import parse_validation
from trainables.probe import is_probe
from trainables.reports import EpochReport, Progress
from trainables.setup import TrialSetup
from trainables.trained import Trained


def train_over_folds(
    config: TrialConfig,
    setup: TrialSetup,
    inputs_NF: np.ndarray | None,
    *,
    checkpoint: Checkpoint,
    saved: Mapping[str, Any] | None = None,
    kept: Mapping[str, Any],
) -> Generator[Progress | EpochReport, None, Trained]:
    """As `probe.train_head` and `net_trial.train_net`, with the figures of `cross_validated`.

    Raises:
        InfeasibleTrial: a class has fewer labels than there are folds.
        Diverged: the loss is not finite; names the epoch and the step.
    """
    kfold = parse_validation(config.validation)
    assert kfold is not None  # else there is nothing to cross-validate
    labels_N = np.asarray(setup.data.labels_N[setup.splits.train])
    try:
        check_folds(labels_N, kfold, setup.data.classes)
    except UsageError as error:  # which images are labelled differs from trial to trial
        raise InfeasibleTrial(str(error)) from None
    folds = draw_folds(labels_N, kfold, config.split_seed)
    train = train_head_over_folds if is_probe(config) else _nets()
    trained = yield from train(
        config, setup, inputs_NF, folds, checkpoint=checkpoint, saved=saved, kept=kept
    )
    figures = cross_validated(trained.out_of_fold_RNK, labels_N, folds, kfold)
    figures |= {
        "overfit_gap": accuracy(trained.logits_NK, labels_N) - figures["val_acc"],
        "labels_used": float(len(labels_N)),
    }
    return dataclasses.replace(trained, extra={**trained.extra, **figures})


def _nets() -> Callable[..., Generator[Progress | EpochReport, None, Trained]]:
    """Imported only by trials that need it: it needs all that builds and augments nets."""
    from trainables.folds.nets import train_net_over_folds

    return train_net_over_folds
