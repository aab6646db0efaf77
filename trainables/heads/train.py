"""Many linear heads over the same features, trained as one batched computation.

24 heads of 1,280 features, 30 epochs of 100 examples, one CPU thread, CPU seconds (best of 2): 0.36
at once and 0.82 one by one, with dropout 0.63 and 1.09; of 1,000 examples 4.3 and 8.3, with dropout
8.1 and 11.2 (there the arithmetic itself is most of it). With 24 features it is 13 times faster.

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
from trainables.heads.dropout import Dropper
from trainables.heads.measure import METRICS, Meter
from trainables.heads.memory import check_memory
from trainables.heads.recipe import HeadSpec
from trainables.heads.scaling import Scaling
from trainables.heads.schedule import lr_factor
from trainables.heads.start import ridge_start


@dataclass(frozen=True, eq=False)
class HeadsEpoch:
    """All heads after one epoch.

    Args:
        epoch: 1 for the first.
        metrics: `train_loss`, `train_acc`, `val_loss`, `val_acc`, `lr`, each float64 [H]; training
            figures are of the whole training split in evaluation mode.
        bad_step_H: the first step (0 for the training's first) whose loss was not finite, else -1.
        weight_HKF, bias_HK: plain linear heads on raw features, on the training's device.
    """

    epoch: int
    metrics: Mapping[str, np.ndarray]
    bad_step_H: np.ndarray
    weight_HKF: torch.Tensor
    bias_HK: torch.Tensor


def train_heads(
    features_NF: np.ndarray | torch.Tensor,
    labels_N: np.ndarray,
    heads: Sequence[HeadSpec],
    *,
    n_classes: int,
    batch_size: int,
    epochs: int,
    every: int = 1,
    device: str | torch.device = "cpu",
) -> Generator[HeadsEpoch, None, None]:
    """Trains every head as if it were alone, to rounding; may be closed after any epoch.

    The losses of the heads are never averaged, so that a head's learning rate is its own. One
    synchronisation with the host for each epoch that is measured.

    Args:
        every: epochs between two that are measured and yielded; the last one always is.

    Raises:
        UsageError: a head without training rows, or rows beyond the features.
        InfeasibleTrial: the stack of heads does not fit into memory.
    """
    stack = _Stack(features_NF, labels_N, list(heads), n_classes, batch_size, epochs, device)
    for epoch in range(1, epochs + 1):
        stack.run_epoch()
        if epoch % every == 0 or epoch == epochs:
            yield stack.measure(epoch)


class _Stack:
    """Parameters and state of all heads, on the rows that any of them uses.

    Features are centred on those rows' mean: what is left of a head's own mean is small, so that
    its standardisation can be moved from the batches into weights and gradients without losing
    digits. Weights lie [H, K, F]: both products of a step take 8.7 ms for 50 heads, 1,280 features
    and batches of 64, where [H, F, K] takes 21.5 ms (one thread).
    """

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
        self.heads, self.classes = heads, n_classes
        parts = self._take_rows(features_NF, labels_N)
        rows = [part.to(self.device) for part in parts[::2]]
        self.scaling = Scaling.of(self.x_RF, rows)
        self.weight_HKF = torch.zeros(len(heads), n_classes, features, device=self.device)
        self.bias_HK = torch.zeros(len(heads), n_classes, device=self.device)
        self._start(rows)
        decay_H = self._column([h.weight_decay for h in heads])
        parameters = [self.weight_HKF, self.bias_HK]
        self.optimiser = StackedAdamW(parameters, decay_H, [True, False])
        seeds = [head.seed for head in heads]
        own = [part.numpy() for part in parts[::2]]
        self.batches = Batches(own, seeds, batch_size, self.device)
        self.meter = Meter(self.x_RF, self.y_R, parts)
        self.dropper = Dropper(heads, self.device)
        self.totals = [epochs * steps_per_epoch(len(h.train_N), batch_size) for h in heads]
        self.done = [0] * len(heads)
        self.lr = [0.0] * len(heads)  # of each head's last step
        self.bad_step_H = torch.full((len(heads),), -1, device=self.device)

    def _take_rows(
        self, features_NF: np.ndarray | torch.Tensor, labels_N: np.ndarray
    ) -> list[torch.Tensor]:
        """Copies the rows in use; training and validation rows of each head among them."""
        parts = [torch.from_numpy(rows) for h in self.heads for rows in (h.train_N, h.val_M)]
        used_R, inverse = torch.unique(torch.cat(parts), return_inverse=True)
        if isinstance(features_NF, np.ndarray):
            x_RF = torch.from_numpy(features_NF[used_R.numpy()]).to(self.device)
        else:
            x_RF = features_NF[used_R.to(features_NF.device)].to(self.device)
        self.x_RF = x_RF.float()
        self.centre_F = self.x_RF.mean(0)
        self.x_RF -= self.centre_F
        self.y_R = torch.from_numpy(labels_N[used_R.numpy()]).to(self.device, torch.int64)
        return list(inverse.split([len(part) for part in parts]))

    def _start(self, rows: list[torch.Tensor]) -> None:
        """Heads that differ in hyperparameters alone share the ridge solution."""
        found: dict[bytes, tuple[torch.Tensor, torch.Tensor]] = {}
        for h, head in enumerate(self.heads):
            if head.start == "ridge":
                same = head.train_N.tobytes()
                if same not in found:
                    z_NF = self.scaling.apply(self.x_RF[rows[h]], h)
                    found[same] = ridge_start(z_NF, self.y_R[rows[h]], self.classes)
                self.weight_HKF[h], self.bias_HK[h] = found[same]

    def _column(self, values: list[float]) -> torch.Tensor:
        return torch.tensor(values, dtype=torch.float64, device=self.device)

    @torch.no_grad()
    def run_epoch(self) -> None:
        """One pass of every head over its own training rows."""
        for batch in self.batches.epoch():
            self._step(batch)

    @torch.no_grad()
    def measure(self, epoch: int) -> HeadsEpoch:
        """The figures of all heads as they are now."""
        weight_HKF, bias_HK = self.scaling.fold(self.weight_HKF, self.bias_HK)
        figures = torch.cat([self.meter(weight_HKF, bias_HK), self.bad_step_H[None]])
        measured = figures.cpu().numpy()  # the one synchronisation
        metrics = dict(zip(METRICS, measured, strict=False))
        metrics["lr"] = np.array(self.lr)
        # A last step may spoil the weights after a loss that was still finite.
        spoilt_H = (measured[-1] < 0) & ~np.isfinite(metrics["train_loss"])
        bad_step_H = np.where(spoilt_H, self.done, measured[-1]).astype(np.int64)
        raw_HK = bias_HK.double() - weight_HKF.double() @ self.centre_F.double()
        return HeadsEpoch(epoch, metrics, bad_step_H, weight_HKF, raw_HK.float())

    def _step(self, batch: Batch) -> None:
        self.lr = [
            head.lr * lr_factor(self.done[h], self.totals[h]) if batch.sizes[h] else self.lr[h]
            for h, head in enumerate(self.heads)
        ]
        gradients, loss_H = self._gradients(batch)
        self.optimiser.step(gradients, self._column(self.lr), batch.active_H)
        steps_H = torch.tensor(self.done, device=self.device)
        fresh_H = (self.bad_step_H < 0) & ~torch.isfinite(loss_H)
        self.bad_step_H = torch.where(fresh_H, steps_H, self.bad_step_H)
        self.done = [n + (size > 0) for n, size in zip(self.done, batch.sizes, strict=True)]

    def _gradients(self, batch: Batch) -> tuple[list[torch.Tensor], torch.Tensor]:
        """Of weight and bias on scaled features; and the loss [H]."""
        heads, width = batch.rows_HB.shape
        x_HBF = self.x_RF.index_select(0, batch.rows_HB.flatten()).view(heads, width, -1)
        scaled_HKF, mean_HF = self.weight_HKF * self.scaling.scale_HF[:, None], self.scaling.mean_HF
        if self.dropper.any:  # a dropped feature is at its mean: the mean must be off first
            x_HBF.sub_(mean_HF[:, None]).mul_(self.dropper.mask(batch.sizes, width, x_HBF.shape[2]))
            logits_HBK = torch.baddbmm(self.bias_HK[:, None], x_HBF, scaled_HKF.transpose(1, 2))
            error_HBK, loss_H = self._errors(logits_HBK, batch)
            weight_HKF = torch.bmm(error_HBK.transpose(1, 2), x_HBF)
        else:
            shift_HK = torch.bmm(scaled_HKF, mean_HF[:, :, None])[:, :, 0]
            bias_H1K = (self.bias_HK - shift_HK)[:, None]
            logits_HBK = torch.baddbmm(bias_H1K, x_HBF, scaled_HKF.transpose(1, 2))
            error_HBK, loss_H = self._errors(logits_HBK, batch)
            weight_HKF = torch.bmm(error_HBK.transpose(1, 2), x_HBF)
            weight_HKF -= error_HBK.sum(1)[:, :, None] * mean_HF[:, None]
        return [weight_HKF.mul_(self.scaling.scale_HF[:, None]), error_HBK.sum(1)], loss_H

    def _errors(self, logits_HBK: torch.Tensor, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """d(loss)/d(logits) [H, B, K] and the loss [H]: cross-entropy, mean over a head's batch."""
        log_HBK = torch.log_softmax(logits_HBK, dim=2)
        labels_HB1 = self.y_R[batch.rows_HB][:, :, None]
        weights_HB1 = batch.weights_HB[:, :, None]
        loss_H = -(log_HBK.gather(2, labels_HB1) * weights_HB1).sum((1, 2))
        error_HBK = log_HBK.exp_()
        error_HBK.scatter_add_(2, labels_HB1, torch.full_like(labels_HB1, -1, dtype=torch.float32))
        return error_HBK.mul_(weights_HB1), loss_H
