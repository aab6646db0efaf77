"""Loss and accuracy of a stack of plain linear heads on each one's own rows, on the device.

Shapes: H heads, R rows in use, F features, K classes.
"""

from __future__ import annotations

import torch
from torch.nn import functional

METRICS = ("train_loss", "train_acc", "val_loss", "val_acc")
_CHUNK_LOGITS = 1 << 24  # 64 MB of float32


class Meter:
    """Measures all heads in one product over the union of their rows; no host synchronisation."""

    def __init__(
        self, x_RF: torch.Tensor, labels_R: torch.Tensor, parts: list[torch.Tensor]
    ) -> None:
        """Takes the rows in use; `parts` are each head's training, then validation rows in them."""
        self._x_RF = x_RF
        self._labels_R = labels_R
        heads = len(parts) // 2
        times_2RH = torch.zeros(2, len(x_RF), heads)
        for i, slots in enumerate(parts):
            times_2RH[i % 2, :, i // 2].index_add_(0, slots, torch.ones(len(slots)))
        self._times_2RH = times_2RH.to(x_RF.device)
        self._counts_2H = self._times_2RH.sum(1).double()

    def __call__(self, weight_HKF: torch.Tensor, bias_HK: torch.Tensor) -> torch.Tensor:
        """float64 [4, H] in the order of `METRICS`; NaN of an empty split."""
        heads, classes, features = weight_HKF.shape
        stacked_FS = weight_HKF.reshape(heads * classes, features).T
        totals_4H = torch.zeros(4, heads, dtype=torch.float64, device=weight_HKF.device)
        for part in _chunks(len(self._x_RF), max(1, _CHUNK_LOGITS // stacked_FS.shape[1])):
            labels_R, times_2RH = self._labels_R[part], self._times_2RH[:, part].double()
            logits_RS = torch.addmm(bias_HK.flatten(), self._x_RF[part], stacked_FS)
            logits_RHK = logits_RS.view(-1, heads, classes)
            right_RH = logits_RHK.argmax(dim=2) == labels_R[:, None]
            expanded_RH = labels_R[:, None].expand(-1, heads)
            loss_RH = functional.cross_entropy(
                logits_RHK.permute(0, 2, 1), expanded_RH, reduction="none"
            ).double()
            totals_4H[0::2] += torch.where(times_2RH > 0, times_2RH * loss_RH, 0).sum(1)
            totals_4H[1::2] += (times_2RH * right_RH).sum(1)
        return totals_4H / self._counts_2H.repeat_interleave(2, dim=0)


def _chunks(rows: int, size: int) -> list[slice]:
    return [slice(start, start + size) for start in range(0, rows, size)]
