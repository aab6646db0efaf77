"""What the folds that are done came to, as a checkpoint keeps it.

Shapes: F folds done, E epochs that were measured, R repeats, N labelled images, M of a fold, K
classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from trainables.folds.drawing import Fold
from trainables.trained import History, Trained

_BY_EPOCH = ("val_loss", "val_acc")


@dataclass(frozen=True, eq=False)
class FoldsDone:
    """Grows by a fold at a time.

    Args:
        unseen: logits [M, K] of each fold's held-out images.
        histories: by fold, one row an epoch that was measured.
        extras: by fold, further figures.
        seconds: that their training took.
    """

    unseen: tuple[np.ndarray, ...] = ()
    histories: tuple[History, ...] = ()
    extras: tuple[Mapping[str, float], ...] = field(default=())
    seconds: float = 0.0

    @property
    def count(self) -> int:
        """Folds that are done."""
        return len(self.unseen)

    def with_fold(self, trained: Trained, train: int) -> FoldsDone:
        """These and one more, whose first `train` images were trained on."""
        return FoldsDone(
            (*self.unseen, trained.logits_NK[train:]),
            (*self.histories, _held_out(trained.history)),
            (*self.extras, trained.extra),
            self.seconds + trained.seconds,
        )

    def at(self, epoch: int) -> dict[str, float]:
        """Mean validation figures of the folds after an epoch; none where it was not measured."""
        rows = [row for history in self.histories for row in history if row["epoch"] == epoch]
        return {name: float(np.mean([row[name] for row in rows])) for name in _BY_EPOCH if rows}

    def mean(self, name: str) -> float:
        """Of a further figure."""
        return float(np.mean([extra[name] for extra in self.extras]))

    def out_of_fold(self, folds: Sequence[Fold]) -> np.ndarray:
        """Logits [R, N, K] of each image by the net that did not see it."""
        images = len(folds[0].train_N) + len(folds[0].val_M)
        shape = (folds[-1].repeat + 1, images, self.unseen[0].shape[1])
        out_of_fold_RNK = np.empty(shape, np.float32)
        for fold, logits_MK in zip(folds, self.unseen, strict=True):
            out_of_fold_RNK[fold.repeat, fold.val_M] = logits_MK
        return out_of_fold_RNK

    def state(self) -> dict[str, Any]:
        """All of it, as `Checkpoint.save` takes it and `from_state` gives it back."""
        return {
            "unseen": list(self.unseen),
            "histories": [list(history) for history in self.histories],
            "extras": [dict(extra) for extra in self.extras],
            "seconds": self.seconds,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> FoldsDone:
        """What gave `state`."""
        return cls(
            unseen=tuple(state["unseen"]),
            histories=tuple(state["histories"]),
            extras=tuple(state["extras"]),
            seconds=state["seconds"],
        )


def _held_out(history: History) -> History:
    """Epochs with their validation figures alone."""
    return [{name: row[name] for name in ("epoch", *_BY_EPOCH)} for row in history]
