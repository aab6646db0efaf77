"""Many linear heads over the same features, trained as one batched computation.

Shapes: H heads, N examples, B examples of a minibatch, F features, K classes.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from search_spaces.errors import UsageError
from trainables.heads.adamw import StackedAdamW
from trainables.heads.batches import Batch, Batches, steps_per_epoch
from trainables.heads.measure import METRICS, Meter
from trainables.heads.memory import check_memory
from trainables.heads.recipe import HeadSpec
from trainables.heads.schedule import lr_factor
from trainables.heads.standardise import Scaling
from trainables.heads.start import ridge_start


@dataclass(frozen=True, eq=False)
class HeadsEpoch:
    """All heads after one epoch.

    Args:
        epoch: 1 for the first.
        metrics: `train_loss`, `train_acc`, `val_loss`, `val_acc`, `lr`, each float64 [H]; training
            figures are of the whole training split in evaluation mode.
        bad_step_H: the first step (0 for the training's first) whose loss was not finite, else -1.
        weight_HFK, bias_HK: plain linear heads on raw features, on the training's device.
    """

    epoch: int
    metrics: Mapping[str, np.ndarray]
    bad_step_H: np.ndarray
    weight_HFK: torch.Tensor
    bias_HK: torch.Tensor


def train_heads(
    features_NF: np.ndarray | torch.Tensor,
    labels_N: np.ndarray,
    heads: Sequence[HeadSpec],
    *,
    n_classes: int,
    batch_size: int,
    epochs: int,
    device: str | torch.device = "cpu",
) -> Generator[HeadsEpoch, None, None]:
    """Trains every head as if it were alone, to rounding; may be closed after any epoch.

    The losses of the heads are never averaged, so that a head's learning rate is its own. One
    synchronisation with the host an epoch.

    Raises:
        UsageError: a head without training rows, or rows beyond the features.
        InfeasibleTrial: the stack of heads does not fit into memory.
    """
    stack = _Stack(features_NF, labels_N, list(heads), n_classes, batch_size, epochs, device)
    for epoch in range(1, epochs + 1):
        yield stack.run_epoch(epoch)


class _Stack:
    """Parameters and state of all heads."""

    def __init__(
        self,
        features_NF: np.ndarray | torch.Tensor,
        labels_N: np.ndarray,
        heads: list[HeadSpec],
        n_classes: int,
        batch_size: int,
        epochs: int,
        device: str | torch.device,
    ) -> None:
        if not heads:
            raise UsageError("There must be at least one head to train.")
        for head in heads:
            head.check(len(features_NF))
        self.device = torch.device(device)
        features, widest = features_NF.shape[1], max(len(h.train_N) for h in heads)
        check_memory(len(heads), widest, features, n_classes, min(batch_size, widest), self.device)
        self.heads = heads
        self.x_NF = _tensor(features_NF).to(self.device, torch.float32)
        self.y_N = _tensor(labels_N).to(self.device, torch.int64)
        rows = [torch.from_numpy(h.train_N).to(self.device) for h in heads]
        self.scaling = Scaling.of(self.x_NF, rows)
        self.weight_HFK = torch.zeros(len(heads), features, n_classes, device=self.device)
        self.bias_HK = torch.zeros(len(heads), n_classes, device=self.device)
        for h, head in enumerate(heads):
            if head.start == "ridge":
                z_NF = (self.x_NF[rows[h]] - self.scaling.mean_HF[h]) * self.scaling.scale_HF[h]
                start = ridge_start(z_NF, self.y_N[rows[h]], n_classes)
                self.weight_HFK[h], self.bias_HK[h] = start
        decay_H = self._column([h.weight_decay for h in heads])
        parameters = [self.weight_HFK, self.bias_HK]
        self.optimiser = StackedAdamW(parameters, decay_H, [True, False])
        self.batches = Batches(heads, batch_size, self.device)
        self.meter = Meter(self.x_NF, self.y_N, heads)
        self.droppers = [_generator(h.seed, self.device) for h in heads]
        self.totals = [epochs * steps_per_epoch(len(h.train_N), batch_size) for h in heads]
        self.done = [0] * len(heads)
        self.lr = [0.0] * len(heads)  # of each head's last step
        self.bad_step_H = torch.full((len(heads),), -1, device=self.device)

    def _column(self, values: list[float]) -> torch.Tensor:
        return torch.tensor(values, dtype=torch.float64, device=self.device)

    def run_epoch(self, epoch: int) -> HeadsEpoch:
        """One pass of every head over its own training rows, and its figures."""
        with torch.no_grad():
            for batch in self.batches.epoch():
                self._step(batch)
            weight_HFK, bias_HK = self.scaling.fold(self.weight_HFK, self.bias_HK)
            figures = torch.cat([self.meter(weight_HFK, bias_HK), self.bad_step_H[None]])
        measured = figures.cpu().numpy()  # the one synchronisation
        metrics = dict(zip(METRICS, measured, strict=False))
        metrics["lr"] = np.array(self.lr)
        # A last step may spoil the weights after a loss that was still finite.
        spoilt_H = (measured[-1] < 0) & ~np.isfinite(metrics["train_loss"])
        bad_step_H = np.where(spoilt_H, self.done, measured[-1]).astype(np.int64)
        return HeadsEpoch(epoch, metrics, bad_step_H, weight_HFK, bias_HK)

    def _step(self, batch: Batch) -> None:
        self.lr = [
            head.lr * lr_factor(self.done[h], self.totals[h]) if batch.sizes[h] else self.lr[h]
            for h, head in enumerate(self.heads)
        ]
        x_HBF = self.scaling.apply(self.x_NF[batch.rows_HB])
        self._drop(x_HBF, batch)
        logits_HBK = torch.baddbmm(self.bias_HK[:, None], x_HBF, self.weight_HFK)
        error_HBK, loss_H = self._errors(logits_HBK, batch)
        gradients = [torch.bmm(x_HBF.transpose(1, 2), error_HBK), error_HBK.sum(1)]
        self.optimiser.step(gradients, self._column(self.lr), batch.active_H)
        steps_H = torch.tensor(self.done, device=self.device)
        fresh_H = (self.bad_step_H < 0) & ~torch.isfinite(loss_H)
        self.bad_step_H = torch.where(fresh_H, steps_H, self.bad_step_H)
        self.done = [n + (size > 0) for n, size in zip(self.done, batch.sizes, strict=True)]

    def _drop(self, x_HBF: torch.Tensor, batch: Batch) -> None:
        """Zeroes each head's share of features from its own generator, and scales up the rest."""
        for h, head in enumerate(self.heads):
            if head.dropout > 0 and batch.sizes[h] > 0:
                own_BF = x_HBF[h, : batch.sizes[h]]
                keep = 1 - head.dropout
                own_BF *= torch.empty_like(own_BF).bernoulli_(keep, generator=self.droppers[h])
                own_BF /= keep

    def _errors(self, logits_HBK: torch.Tensor, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """d(loss)/d(logits) [H, B, K] and the loss [H]: cross-entropy, mean over a head's batch."""
        log_HBK = torch.log_softmax(logits_HBK, dim=2)
        classes = log_HBK.shape[2]
        target_HBK = torch.nn.functional.one_hot(self.y_N[batch.rows_HB], classes).float()
        weights_HB1 = batch.weights_HB[:, :, None]
        loss_H = -(target_HBK * log_HBK * weights_HB1).sum((1, 2))
        return (log_HBK.exp() - target_HBK) * weights_HB1, loss_H


def _tensor(values: np.ndarray | torch.Tensor) -> torch.Tensor:
    """Shares memory where it may; a memory map that is read-only is copied, as torch asks."""
    if isinstance(values, torch.Tensor):
        return values
    return torch.from_numpy(values if values.flags.writeable else values.copy())


def _generator(seed: int, device: torch.device) -> torch.Generator:
    """For dropped features; the order of the examples has a NumPy generator of its own."""
    return torch.Generator(device).manual_seed(seed + (1 << 32))
