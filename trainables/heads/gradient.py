"""Loss of many linear heads on a minibatch, and its gradient, written out.

Shapes: H heads, R rows in use, B examples of a minibatch (P of a part of it), F features,
K classes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch

from trainables.heads.batches import Batch
from trainables.heads.dropout import Dropper
from trainables.heads.scaling import Scaling


class Gradient:
    """Of the mean cross-entropy of each head's own batch, with respect to weight and bias.

    Args:
        x_RF, labels_R: centred features and labels of the rows in use.
        accumulation: parts in which a batch is computed, so that less memory suffices; the parts'
            gradients are summed and differ from the whole batch's by rounding alone.
    """

    def __init__(
        self,
        x_RF: torch.Tensor,
        labels_R: torch.Tensor,
        scaling: Scaling,
        dropper: Dropper,
        accumulation: int,
    ) -> None:
        self._x_RF, self._y_R = x_RF, labels_R
        self._scaling, self._dropper = scaling, dropper
        self._accumulation = accumulation

    def __call__(
        self, weight_HKF: torch.Tensor, bias_HK: torch.Tensor, batch: Batch
    ) -> tuple[list[torch.Tensor], torch.Tensor]:
        """Of weight and bias on scaled features; and the loss [H]. Summed over parts of a batch."""
        width, features = batch.rows_HB.shape[1], self._x_RF.shape[1]
        # For the whole batch at once, so that it does not depend on the parts.
        random_HBF = self._dropper.draw(batch.sizes, width, features) if self._dropper.any else None
        scaled_HKF = weight_HKF * self._scaling.scale_HF[:, None]
        sums: tuple[torch.Tensor, ...] | None = None
        for part in self._parts(width):
            random_HPF = None if random_HBF is None else random_HBF[:, part]
            rows_HP, weights_HP = batch.rows_HB[:, part], batch.weights_HB[:, part]
            if random_HPF is None and len(rows_HP) < len(bias_HK):
                found = self._of_shared(rows_HP[0], weights_HP, scaled_HKF, bias_HK)
            else:
                rows_HP = rows_HP.expand(len(bias_HK), -1)
                found = self._of_part(rows_HP, weights_HP, random_HPF, scaled_HKF, bias_HK)
            sums = found if sums is None else tuple(map(torch.Tensor.add_, sums, found))
        assert sums is not None  # a batch is at least one example wide
        of_weight_HKF, of_bias_HK, loss_H = sums
        return [of_weight_HKF.mul_(self._scaling.scale_HF[:, None]), of_bias_HK], loss_H

    def _parts(self, width: int) -> Iterator[slice]:
        size = math.ceil(width / self._accumulation)
        for start in range(0, width, size):
            yield slice(start, min(start + size, width))

    def _of_shared(
        self,
        rows_P: torch.Tensor,
        weights_1P: torch.Tensor,
        scaled_HKF: torch.Tensor,
        bias_HK: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """As `_of_part`, where all heads see the same examples: one product for all of them.

        Without a copy of the examples for each head, 64 heads of 1,000 labels train 1.8 times as
        fast (benchmarks/heads.py, `stack` and `apart`).
        """
        heads, classes, features = scaled_HKF.shape
        x_PF = self._x_RF[rows_P] - self._scaling.mean_HF[0]
        stacked_SF = scaled_HKF.reshape(heads * classes, features)
        logits_PS = torch.addmm(bias_HK.flatten(), x_PF, stacked_SF.T)
        logits_HPK = logits_PS.view(-1, heads, classes).transpose(0, 1)
        error_HPK, loss_H = self._errors(logits_HPK, rows_P.expand(heads, -1), weights_1P)
        error_PS = error_HPK.transpose(0, 1).reshape(-1, heads * classes)
        weight_HKF = (error_PS.T @ x_PF).view(heads, classes, features)
        return weight_HKF, error_HPK.sum(1), loss_H

    def _of_part(
        self,
        rows_HP: torch.Tensor,
        weights_HP: torch.Tensor,
        random_HPF: torch.Tensor | None,
        scaled_HKF: torch.Tensor,
        bias_HK: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """What P examples of each head add to the gradients of weight and bias, and to the loss."""
        mean_HF = self._scaling.mean_HF
        x_HPF = self._x_RF.index_select(0, rows_HP.flatten()).view(*rows_HP.shape, -1)
        if random_HPF is not None:  # a dropped feature is at its mean: the mean must be off first
            x_HPF.sub_(mean_HF[:, None]).mul_(self._dropper.mask(random_HPF))
            logits_HPK = torch.baddbmm(bias_HK[:, None], x_HPF, scaled_HKF.transpose(1, 2))
            error_HPK, loss_H = self._errors(logits_HPK, rows_HP, weights_HP)
            weight_HKF = torch.bmm(error_HPK.transpose(1, 2), x_HPF)
        else:
            shift_HK = torch.bmm(scaled_HKF, mean_HF[:, :, None])[:, :, 0]
            bias_H1K = (bias_HK - shift_HK)[:, None]
            logits_HPK = torch.baddbmm(bias_H1K, x_HPF, scaled_HKF.transpose(1, 2))
            error_HPK, loss_H = self._errors(logits_HPK, rows_HP, weights_HP)
            weight_HKF = torch.bmm(error_HPK.transpose(1, 2), x_HPF)
            weight_HKF -= error_HPK.sum(1)[:, :, None] * mean_HF[:, None]
        return weight_HKF, error_HPK.sum(1), loss_H

    def _errors(
        self, logits_HPK: torch.Tensor, rows_HP: torch.Tensor, weights_HP: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """d(loss)/d(logits) [H, P, K] and the loss [H]: cross-entropy, mean over a head's batch."""
        log_HPK = torch.log_softmax(logits_HPK, dim=2)
        labels_HP1 = self._y_R[rows_HP][:, :, None]
        weights_HP1 = weights_HP[:, :, None]
        loss_H = -(log_HPK.gather(2, labels_HP1) * weights_HP1).sum((1, 2))
        error_HPK = log_HPK.exp_()
        error_HPK.scatter_add_(2, labels_HP1, torch.full_like(labels_HP1, -1, dtype=torch.float32))
        return error_HPK.mul_(weights_HP1), loss_H
