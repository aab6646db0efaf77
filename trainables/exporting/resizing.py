"""Resizing as two matrix products: what torch's antialiased resize computes, in plain operations.

ONNX's own Resize has no operator that gives the same numbers on every runtime (torch's exporter
has none for the antialiased kinds at all), and a resize that differs by 1e-2 moves logits. So the
weights of each output pixel are computed in the graph, from the sizes that the images have.

Source: Pillow's `Resample.c` (precompute_coeffs), whose filters torch follows when it antialiases.
Shapes: N images, C channels, H W their own size, S the size wanted.
"""

from __future__ import annotations

import torch

from trainables.model import Preprocess

_A = -0.5  # of the cubic filter; Pillow's, and torch's when it antialiases


class MatrixPreprocess(Preprocess):
    """The same as `Preprocess`, to float32 rounding, in operations that every format has."""

    def resize(self, images01_NCHW: torch.Tensor) -> torch.Tensor:
        """[N, C, H, W] -> [N, C, S, S]."""
        height, width = images01_NCHW.shape[2:]
        rows_SH = resize_weights(height, self.input_size, self.interpolation)
        columns_SW = resize_weights(width, self.input_size, self.interpolation)
        return rows_SH @ (images01_NCHW @ columns_SW.T)


def resize_weights(old: int, new: int, interpolation: str) -> torch.Tensor:
    """The share that each of `old` pixels in a row has in each of `new` ones; rows sum to 1.

    Args:
        old: may be a size that is known only when the graph runs.
        interpolation: "bicubic" or "bilinear".
    """
    # As tensors, so that a size that is not known yet stays a value of the graph.
    size = torch.scalar_tensor(old, dtype=torch.float32)
    scale = size / new
    stretch = scale.clamp(min=1.0)  # a filter as wide as the pixels that fall into one
    centres_S1 = (torch.arange(new, dtype=torch.float32) + 0.5).unsqueeze(1) * scale
    pixels_H = torch.arange(old, dtype=torch.float32) + 0.5
    distance_SH = (pixels_H - centres_S1).abs() / stretch
    filtered_SH = (_cubic if interpolation == "bicubic" else _triangle)(distance_SH)
    return filtered_SH / filtered_SH.sum(dim=1, keepdim=True)


def _triangle(distance: torch.Tensor) -> torch.Tensor:
    return (1 - distance).clamp(min=0)


def _cubic(distance: torch.Tensor) -> torch.Tensor:
    """Keys' filter (Cubic convolution interpolation for digital image processing, 1981)."""
    near = ((_A + 2) * distance - (_A + 3)) * distance * distance + 1
    far = ((distance - 5) * distance + 8) * distance * _A - 4 * _A
    outside = torch.zeros_like(distance)
    return torch.where(distance < 1, near, torch.where(distance < 2, far, outside))
