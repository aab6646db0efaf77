"""Images seen through an affine map, each through its own: bilinear, the mean colour outside.

A map says where each OUTPUT pixel comes from, in pixels from the image's centre, x to the right and
y down: (x, y, 1) -> M (x, y, 1).

Shapes: N images, C channels, H W pixels; maps_N23.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch.nn import functional

from trainables.augment.base import colour


def warp(
    images_NCHW: torch.Tensor, maps_N23: torch.Tensor, mean_C: Sequence[float]
) -> torch.Tensor:
    """Images of the same shape, in [0, 1]."""
    fill = colour(images_NCHW, mean_C)
    size = list(images_NCHW.shape)
    grid = functional.affine_grid(_in_halves(maps_N23, *size[2:]), size, align_corners=False)
    # Zeros outside, after the mean is taken away: so that an edge fades into the mean.
    moved = functional.grid_sample(images_NCHW - fill, grid, align_corners=False)
    return (moved + fill).clamp_(0, 1)


def maps(
    degrees_N: torch.Tensor | None = None,
    *,
    scale_N: torch.Tensor | None = None,
    shear_x_N: torch.Tensor | None = None,
    shear_y_N: torch.Tensor | None = None,
    right_N: torch.Tensor | None = None,
    down_N: torch.Tensor | None = None,
) -> torch.Tensor:
    """Maps [N, 2, 3] that turn the image clockwise, then enlarge, shear and move it.

    Args:
        degrees_N: angle; clockwise, as seen.
        scale_N: 2 makes everything twice as large.
        shear_x_N, shear_y_N: pixels that it moves to the right (down) for one pixel down (right).
        right_N, down_N: pixels.
    """
    given = [degrees_N, scale_N, shear_x_N, shear_y_N, right_N, down_N]
    some_N = next(tensor for tensor in given if tensor is not None)
    zero_N, one_N = torch.zeros_like(some_N), torch.ones_like(some_N)
    angle_N = zero_N if degrees_N is None else degrees_N * (math.pi / 180)
    shear_x_N = zero_N if shear_x_N is None else shear_x_N
    shear_y_N = zero_N if shear_y_N is None else shear_y_N
    forth_N22 = _rows(one_N, shear_x_N, shear_y_N, one_N)
    forth_N22 = forth_N22 @ _rows(angle_N.cos(), -angle_N.sin(), angle_N.sin(), angle_N.cos())
    if scale_N is not None:
        forth_N22 = forth_N22 * scale_N[:, None, None]
    moved_N2 = torch.stack(
        (zero_N if right_N is None else right_N, zero_N if down_N is None else down_N), dim=1
    )
    back_N22 = _inverse(forth_N22)
    return torch.cat((back_N22, -(back_N22 @ moved_N2[:, :, None])), dim=2)


def _rows(
    a_N: torch.Tensor, b_N: torch.Tensor, c_N: torch.Tensor, d_N: torch.Tensor
) -> torch.Tensor:
    return torch.stack((a_N, b_N, c_N, d_N), dim=1).view(-1, 2, 2)


def _inverse(matrices_N22: torch.Tensor) -> torch.Tensor:
    """In closed form: `linalg.inv` checks for singular ones on the host, and waits."""
    a_N, b_N, c_N, d_N = matrices_N22.flatten(1).unbind(dim=1)
    determinant_N = a_N * d_N - b_N * c_N
    return _rows(d_N, -b_N, -c_N, a_N) / determinant_N[:, None, None]


def _in_halves(maps_N23: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """The same maps where a half of each side is 1, as `affine_grid` counts."""
    across, along = width / 2, height / 2
    first, second = maps_N23.unbind(dim=1)
    a_N, b_N, right_N = first.unbind(dim=1)
    c_N, d_N, down_N = second.unbind(dim=1)
    rows = (a_N, b_N * along / across, right_N / across, c_N * across / along, d_N, down_N / along)
    return torch.stack(rows, dim=1).view(-1, 2, 3)
