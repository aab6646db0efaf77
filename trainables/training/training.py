"""One net in training: its state, an epoch of steps, and what it is worth afterwards.

Everything is on the device; the host hears of an epoch once, when its figures are read.

Shapes: N examples, B of a batch, P of a part of one, K classes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from trainables.augment import POLICIES
from trainables.augment.mixup import mixup
from trainables.following import Epoch
from trainables.model import pixels01
from trainables.nets.dropout import use_generator
from trainables.objectives import CLEAN, OBJECTIVES
from trainables.objectives.base import Learner
from trainables.schedules import SCHEDULES
from trainables.training.averaging import Average
from trainables.training.batches import Batches
from trainables.training.fixmatch import FixMatch, Views
from trainables.training.measure import loss_and_accuracy
from trainables.training.optimisers import like_parameters, make_optimiser
from trainables.training.randomness import Randomness
from trainables.training.recipe import Task
from trainables.training.steps import StepRates
from trainables.training.watch import METRICS, RobustWatch
from trainables.weak import parse_weak


class Training:
    """Changes `task.model` in place, epoch by epoch.

    Args:
        state: of an `Epoch` of the same task, to go on after it to the last bit.
    """

    def __init__(self, task: Task, state: Mapping[str, Any] | None = None) -> None:
        config = task.config
        self.task, self.config = task, config
        self.randomness = Randomness(config.seed, task.device)
        self.average = Average(task.model, config.ema) if config.ema else None
        use_generator(task.model, self.randomness.generator)
        self.optimiser = make_optimiser(config, task.model, task.body, task.body_lr)
        self.batches = Batches(task)
        schedule = SCHEDULES.get(config.schedule)(config)
        self.rates = StepRates(schedule, self.optimiser, config.epochs, self.batches.per_epoch)
        self.augmentation = POLICIES.get(config.augment)(task.mean_C)
        # float16's gradients underflow without it; bfloat16 has float32's range.
        self.scaler = torch.amp.GradScaler(task.device.type, enabled=self._needs_scaling())
        self.net = torch.compile(task.model) if config.compile else task.model
        self.objective = OBJECTIVES.get(config.adversarial)(config)
        self.consistency = _consistency(task)
        self.sure = torch.zeros((), device=task.device)  # of the epoch's images beside its batches
        self.learner = Learner(self.net, task.model, self.randomness.generator)
        self.watch = RobustWatch(task, self.kept) if config.adversarial != CLEAN else None
        self.epoch = self.step = 0
        self.bad_step = torch.full((), -1, dtype=torch.int64, device=task.device)
        if state is not None:
            self._load_state(state)

    @property
    def kept(self) -> nn.Module:
        """What is measured, and what the trial keeps: the average where there is one."""
        return self.average.model if self.average else self.task.model

    @property
    def has_ended(self) -> bool:
        """Whether nothing is left to train: all epochs are done, or it collapsed."""
        collapsed = self.watch is not None and self.watch.collapsed
        return collapsed or self.epoch >= self.config.epochs

    def settle(self) -> dict[str, float]:
        """Make `kept` what the trial keeps; figures that say which epoch's that is."""
        return self.watch.settle() if self.watch else {}

    def run_epoch(self, *, measured: bool = True) -> Epoch:
        """One pass over the training rows (`Batches`); one synchronisation with the host.

        Args:
            measured: whether to look at the validation rows afterwards.
        """
        task = self.task
        task.model.train()
        sums_2 = torch.zeros(2, device=task.device)
        self.sure.zero_()
        batches = self.batches.epoch(self.randomness.generator)
        with self.randomness.lent():
            for rows_B, beside_U in batches:
                self.rates.set(self.step)
                sums_2 += self._step(rows_B, beside_U)
        self.epoch += 1
        seen = sum(len(rows_B) for rows_B, _ in batches)
        self.sure /= max(1, sum(len(beside_U) for _, beside_U in batches if beside_U is not None))
        return self._report(sums_2 / seen, task.val_M if measured else None)

    def step_at(self, factor: float, rows_B: torch.Tensor) -> torch.Tensor:
        """One step on these rows, every group at `factor` times its peak, whatever the schedule.

        Returns:
            The batch's summed loss, a scalar that is left on the device.
        """
        self.task.model.train()
        for group in self.optimiser.param_groups:
            group["lr"] = group["peak"] * factor
        with self.randomness.lent():
            return self._step(rows_B)[0]

    def _step(self, rows_B: torch.Tensor, beside_U: torch.Tensor | None = None) -> torch.Tensor:
        """The batch's summed loss and hits [2]."""
        self.optimiser.zero_grad(set_to_none=True)
        inputs_B, targets_BK = self._inputs(rows_B)
        sums_2 = torch.zeros(2, device=self.task.device)
        parts = self._parts(len(rows_B))
        views = [None] * len(parts) if beside_U is None else self._views(beside_U, len(parts))
        for part, beside in zip(parts, views, strict=True):
            sums_2 += self._backward(inputs_B[part], targets_BK[part], len(rows_B), beside)
        finite = sums_2[0].isfinite()
        self.bad_step = torch.where(finite | (self.bad_step >= 0), self.bad_step, self.step)
        if self.config.clip_norm:
            self.scaler.unscale_(self.optimiser)
            nn.utils.clip_grad_norm_(self.task.model.parameters(), self.config.clip_norm)
        self.scaler.step(self.optimiser)
        self.scaler.update()
        if self.average:
            self.average.update(self.task.model)
        self.step += 1
        return sums_2

    def _inputs(self, rows_B: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """What the net sees of these rows, and what it should say."""
        task, config, generator = self.task, self.config, self.randomness.generator
        inputs_B = task.inputs_N.index_select(0, rows_B)
        targets_BK = functional.one_hot(task.labels_N[rows_B], task.classes).float()
        if task.are_images:
            inputs_B = pixels01(inputs_B)
            inputs_B = self.augmentation(inputs_B, generator, epoch=self.epoch, rows_N=rows_B)
        if config.mixup:
            inputs_B, targets_BK = mixup(inputs_B, targets_BK, config.mixup, generator)
        return inputs_B, targets_BK

    def _views(self, beside_U: torch.Tensor, parts: int) -> list[tuple[Views, int]]:
        """The unlabelled images beside each part of a batch, and how many are beside all of it."""
        assert self.consistency is not None  # only then are there any
        images_UCHW = pixels01(self.task.inputs_N.index_select(0, beside_U))
        views = self.consistency.views(
            images_UCHW, self.randomness.generator, epoch=self.epoch, rows_U=beside_U
        )
        return [(part, len(beside_U)) for part in views.parts(parts)]

    def _backward(
        self,
        inputs_P: torch.Tensor,
        targets_PK: torch.Tensor,
        batch: int,
        beside: tuple[Views, int] | None,
    ) -> torch.Tensor:
        """Adds a part's share of the gradient; the part's summed loss and hits [2]."""
        if beside is None or self.consistency is None:
            loss_P, logits_PK = self.objective(self.learner, inputs_P, targets_PK)
            loss = loss_P.sum()
        else:
            views, count = beside
            loss, logits_PK, sure = self.consistency(
                self.learner, inputs_P, targets_PK, views, batch / count
            )
            self.sure += sure
        self.scaler.scale(loss / batch).backward()
        hits_P = logits_PK.argmax(1) == targets_PK.argmax(1)
        return torch.stack([loss.detach(), hits_P.float().sum()])

    def _parts(self, size: int) -> list[slice]:
        edges = np.linspace(0, size, min(self.config.accumulation, size) + 1).round().astype(int)
        return [slice(a, b) for a, b in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)]

    def _report(self, train_2: torch.Tensor, val_M: torch.Tensor | None) -> Epoch:
        task, parts = self.task, [self.bad_step[None].double(), train_2.double()]
        names = ["train_loss", "train_acc"]
        if val_M is not None:
            parts += [loss_and_accuracy(self.kept, task.inputs_N, task.labels_N, val_M).double()]
            names += ["val_loss", "val_acc"]
        if val_M is not None and self.watch:
            parts += [self.watch.measure().double()]
            names += METRICS
        if self.consistency:
            parts += [self.sure[None].double()]
            names += ["pseudo_share"]
        bad_step, *figures = torch.cat(parts).tolist()  # the one synchronisation
        metrics = dict(zip(names, figures, strict=True))
        if bad_step < 0 and len(task.val_M) and not math.isfinite(metrics.get("val_loss", 0.0)):
            bad_step = self.step - 1  # it spoilt the weights after a loss that was still finite
        if val_M is not None and self.watch:
            self.watch.note(self.epoch, metrics)
        metrics["lr"] = float(self.rates.head_lrs()[self.step - 1])
        return Epoch(self.epoch, metrics, int(bad_step), self.state)

    def state(self) -> dict[str, Any]:
        """A copy of all that changes in training."""
        return {
            "epoch": self.epoch,
            "step": self.step,
            "bad_step": self.bad_step.clone(),
            "model": _copied(self.task.model.state_dict()),
            "optimiser": _copied(self.optimiser.state_dict()),
            "scaler": self.scaler.state_dict(),
            "average": self.average.state() if self.average else None,
            "randomness": self.randomness.state(),
            "watch": self.watch.state() if self.watch else None,
        }

    def _load_state(self, state: Mapping[str, Any]) -> None:
        self.epoch, self.step = state["epoch"], state["step"]
        self.bad_step = state["bad_step"].to(self.task.device)
        self.task.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        like_parameters(self.optimiser)
        self.scaler.load_state_dict(state["scaler"])
        if self.average:
            self.average.load_state(state["average"])
        self.randomness.load_state(state["randomness"])
        if self.watch:
            self.watch.load_state(state["watch"])

    def _needs_scaling(self) -> bool:
        return self.config.precision == "float16" and self.task.device.type == "cuda"


def _consistency(task: Task) -> FixMatch | None:
    """The loss on images without labels, where the task has such a method and a pool."""
    if task.pool_P is None:
        return None
    spec = parse_weak(task.config.weak)
    make = spec.method.consistency
    return make(task.config, spec, task.mean_C) if make else None


def _copied(value: Any) -> Any:
    """Nested state with its tensors copied: training goes on in place."""
    if isinstance(value, torch.Tensor):
        return value.detach().clone()
    if isinstance(value, Mapping):
        return {key: _copied(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_copied(item) for item in value)
    return value
