"""What a net says of examples: in evaluation mode, without gradients, in large batches.

Shapes: N examples, M of them asked for, K classes.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

BATCH = 500  # bounds the memory


def logits_of(model: nn.Module, inputs_N: torch.Tensor, rows_M: torch.Tensor) -> torch.Tensor:
    """float32 [M, K] on the device; the model's modes are as before afterwards."""
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        with torch.inference_mode():
            parts = [model(inputs_N.index_select(0, part)) for part in rows_M.split(BATCH)]
            return torch.cat(parts).float()
    finally:
        for module, mode in modes.items():
            module.training = mode


def mirrored(images_NCHW: torch.Tensor) -> torch.Tensor:
    """Left and right exchanged."""
    return images_NCHW.flip(3)


def loss_and_accuracy(
    model: nn.Module, inputs_N: torch.Tensor, labels_N: torch.Tensor, rows_M: torch.Tensor
) -> torch.Tensor:
    """Mean cross-entropy and accuracy, [2] on the device; NaN where there are no rows."""
    if not len(rows_M):
        return torch.full((2,), float("nan"), device=inputs_N.device)
    logits_MK, labels_M = logits_of(model, inputs_N, rows_M), labels_N[rows_M]
    hits_M = (logits_MK.argmax(1) == labels_M).float()
    return torch.stack([functional.cross_entropy(logits_MK, labels_M), hits_M.mean()])
