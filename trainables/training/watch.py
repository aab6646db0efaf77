"""What adversarial training is watched by: accuracy under PGD, after each epoch that is measured.

It overfits: robust accuracy on fresh images has its best epoch long before the last one, so the net
of that epoch is kept (Rice, Wong and Kolter, Overfitting in adversarially robust deep learning,
2020). And fast training may collapse from one epoch to the next to a net that withstands single
steps only: accuracy under PGD on a training batch falls to nothing (Wong, Rice and Kolter, Fast is
better than free, 2020), and training ends there.

Shapes: V images watched for the best epoch, B of one training batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from trainables.attacks.losses import ascent, log_odds
from trainables.model import pixels01
from trainables.objectives.crafting import Gradient, anywhere, ball, crafted, in_eval_mode
from trainables.training.recipe import Task

STEPS = 10  # of the PGD that watches
TRAIN_BATCH = 64  # training images that are watched for a collapse
COLLAPSE = 0.2  # a fall of the accuracy on them, from one measurement to the next
_PART = 64  # images at a time: bounds the memory
METRICS = ("val_pgd_acc", "train_pgd_acc")


class RobustWatch:
    """Measures, and keeps a copy of the best net.

    Args:
        task: its `watched_V` are the images that the best epoch is chosen by.
        net: whose tensors are to be kept; always the same module.
    """

    def __init__(self, task: Task, net: nn.Module) -> None:
        self._task, self._net = task, net
        self._within = ball(task.config.adversarial_eps_255, STEPS)
        self._last: float | None = None
        self.collapsed = False
        self.epoch, self.best = 0, -1.0
        self._kept: dict[str, torch.Tensor] | None = None

    def measure(self) -> torch.Tensor:
        """Accuracy under PGD on the watched and on the training images, [2] on the device."""
        watched = self._task.watched_V
        rows = (
            self._task.val_M if watched is None else watched,
            self._task.train_N[:TRAIN_BATCH],
        )
        return torch.stack([self._accuracy(each) for each in rows])

    def note(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Take in what `measure` gave for this epoch, as `METRICS`."""
        robust, trained = metrics[METRICS[0]], metrics[METRICS[1]]
        self.collapsed = self._last is not None and self._last - trained > COLLAPSE
        self._last = trained
        if robust > self.best and not self.collapsed:
            self.epoch, self.best = epoch, robust
            self._kept = {n: t.detach().clone() for n, t in self._net.state_dict().items()}

    def settle(self) -> dict[str, float]:
        """Put the best net back; which one that is, as figures of the trial."""
        if self._kept is None:
            return {}
        self._net.load_state_dict(self._kept)
        figures = {"kept_epoch": float(self.epoch), METRICS[0]: self.best}
        return figures | ({"collapsed": 1.0} if self.collapsed else {})

    def state(self) -> dict[str, Any]:
        """A copy of all that it goes by."""
        return {
            "last": -1.0 if self._last is None else self._last,
            "collapsed": int(self.collapsed),
            "epoch": self.epoch,
            "best": self.best,
            "kept": {n: t.clone() for n, t in (self._kept or {}).items()},
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Goes on from what `state` gave."""
        self._last = None if state["last"] < 0 else float(state["last"])
        self.collapsed = bool(state["collapsed"])
        self.epoch, self.best = int(state["epoch"]), float(state["best"])
        self._kept = dict(state["kept"]) or None

    def _accuracy(self, rows_V: torch.Tensor) -> torch.Tensor:
        """The same random starts every time, from a generator of its own."""
        task = self._task
        if not len(rows_V):
            return torch.full((), float("nan"), device=task.device)
        generator = torch.Generator(task.device).manual_seed(task.config.seed)
        hits = torch.zeros((), device=task.device)
        for part in rows_V.split(_PART):
            images, labels = pixels01(task.inputs_N.index_select(0, part)), task.labels_N[part]
            worst = crafted(
                self._net,
                self._gradient(labels),
                images,
                self._within,
                anywhere(images, self._within, generator),
            )
            hits += self._hits(worst, labels)
        return hits / len(rows_V)

    def _gradient(self, labels: torch.Tensor) -> Gradient:
        aim_B1 = labels[:, None]
        return lambda images: ascent(self._net, images, aim_B1, log_odds).gradient_NCHW

    def _hits(self, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        with in_eval_mode(self._net), torch.no_grad():
            return (self._net(images).argmax(1) == labels).sum()
