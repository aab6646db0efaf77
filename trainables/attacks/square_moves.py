"""What Square Attack starts from and proposes, in each norm.

Andriushchenko et al., 2020: algorithm 2 (L-infinity), algorithm 3 and section 3.3 (L2).

Shapes: N images, C H W channels and pixels, D uniform random numbers an image, S the side of a
square.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Self

import torch


class Moves(ABC):
    """Proposals within `eps` of each clean image and within [0, 1].

    Args:
        clean_NCHW: in [0, 1].
        eps: in units of the pixel range.
    """

    def __init__(self, clean_NCHW: torch.Tensor, eps: float) -> None:
        self.clean_NCHW = clean_NCHW
        self.eps = eps

    @property
    @abstractmethod
    def starting_draws(self) -> int:
        """D of `start`."""

    @property
    @abstractmethod
    def draws(self) -> int:
        """D of `propose`."""

    @abstractmethod
    def start(self, draws_ND: torch.Tensor) -> torch.Tensor:
        """Where the search begins."""

    @abstractmethod
    def propose(
        self, images_NCHW: torch.Tensor, draws_ND: torch.Tensor, side: float
    ) -> torch.Tensor:
        """`images_NCHW` with a square of about `side` pixels a side changed in each."""

    def pick(self, rows: torch.Tensor) -> Self:
        """Of these images alone (a mask or indices)."""
        return type(self)(self.clean_NCHW[rows], self.eps)


class LinfMoves(Moves):
    """Each channel of a square moves by eps, up or down."""

    @property
    def starting_draws(self) -> int:
        return self.clean_NCHW.shape[1] * self.clean_NCHW.shape[3]

    @property
    def draws(self) -> int:
        return 2 + self.clean_NCHW.shape[1]

    def start(self, draws_ND: torch.Tensor) -> torch.Tensor:
        """Vertical stripes one pixel wide."""
        count, channels, _, width = self.clean_NCHW.shape
        signs_NC1W = _signs(draws_ND).view(count, channels, 1, width)
        return (self.clean_NCHW + self.eps * signs_NC1W).clamp_(0, 1)

    def propose(
        self, images_NCHW: torch.Tensor, draws_ND: torch.Tensor, side: float
    ) -> torch.Tensor:
        height, width = images_NCHW.shape[2:]
        size = min(max(round(side), 1), height, width)
        rows_N, columns_N = _corners(draws_ND[:, :2], size, height, width)
        inside_N1HW = _inside(rows_N, columns_N, size, height, width)
        moved_NCHW = self.clean_NCHW + self.eps * _signs(draws_ND[:, 2:])[:, :, None, None]
        return torch.where(inside_N1HW, moved_NCHW.clamp_(0, 1), images_NCHW)


class L2Moves(Moves):
    """A square's change takes on a bump's shape, and the length that another square gives up."""

    @property
    def starting_draws(self) -> int:
        return _TILES * _TILES * (1 + self.clean_NCHW.shape[1])

    @property
    def draws(self) -> int:
        return 5 + self.clean_NCHW.shape[1]

    def start(self, draws_ND: torch.Tensor) -> torch.Tensor:
        """A bump in each of 5 by 5 tiles, all together of length eps."""
        count, channels, height, width = self.clean_NCHW.shape
        size = max(min(height, width) // _TILES, 1)
        change_NCHW = torch.zeros_like(self.clean_NCHW)
        tiles = [(r, c) for r in range(height // size) for c in range(width // size)]
        draws_NTD = draws_ND.view(count, _TILES * _TILES, 1 + channels)
        for index, (row, column) in enumerate(tiles):
            drawn_ND = draws_NTD[:, index % (_TILES * _TILES)]
            bumps_NCSS = _bumps(size, drawn_ND)
            rows = slice(row * size, row * size + size)
            columns = slice(column * size, column * size + size)
            change_NCHW[:, :, rows, columns] = bumps_NCSS
        return self._of_length_eps(change_NCHW)

    def propose(
        self, images_NCHW: torch.Tensor, draws_ND: torch.Tensor, side: float
    ) -> torch.Tensor:
        """Length of the change moved into one window from another (algorithm 3 of the paper).

        Args:
            images_NCHW: as attacked so far.
            draws_ND: in [0, 1), what is random of this step.
            side: of the windows, in pixels, before it is made odd and made to fit.
        """
        height, width = images_NCHW.shape[2:]
        size = _odd(min(max(round(side), 3), height, width), min(height, width))
        change_NCHW = images_NCHW - self.clean_NCHW
        into, out_of = (
            _inside(*_corners(draws_ND[:, d : d + 2], size, height, width), size, height, width)
            for d in (0, 2)
        )
        free = (self.eps**2 - _squares(change_NCHW, (1, 2, 3))).clamp(min=0)
        given_NC11 = _squares(change_NCHW * (into | out_of), (2, 3)) + free / change_NCHW.shape[1]
        bumps_NCHW = _placed(_bumps(size, draws_ND[:, 4:]), into, change_NCHW.shape)
        inside_NCHW = change_NCHW * into
        shape_NCHW = bumps_NCHW + inside_NCHW / _length(inside_NCHW, (2, 3))
        new_NCHW = shape_NCHW / _length(shape_NCHW, (2, 3)) * given_NC11.sqrt()
        rest_NCHW = change_NCHW.masked_fill(into | out_of, 0)
        return self._of_length_eps(rest_NCHW + new_NCHW)

    def _of_length_eps(self, change_NCHW: torch.Tensor) -> torch.Tensor:
        scaled_NCHW = change_NCHW / _length(change_NCHW, (1, 2, 3)) * self.eps
        return (self.clean_NCHW + scaled_NCHW).clamp_(0, 1)


MOVES: dict[str, type[Moves]] = {"linf": LinfMoves, "l2": L2Moves}
_TILES = 5


def bump(size: int) -> torch.Tensor:
    """The paper's eta: a positive hill in the upper half, a negative one below; length 1, [S, S].

    A hill of h rows and S columns is a pile of nested rectangles, the k-th from the middle 2k - 1
    long and weighing 1 / k squared.
    """
    if size == 1:
        return torch.ones(1, 1)
    upper, lower = _hill(size // 2, size), _hill(size - size // 2, size)
    both_SS = torch.cat([upper / upper.norm(), -lower / lower.norm()])
    return both_SS / both_SS.norm()


def _hill(height: int, width: int) -> torch.Tensor:
    middle_row, middle_column = height // 2, width // 2
    from_row = (torch.arange(height) - middle_row).abs()[:, None]
    from_column = (torch.arange(width) - middle_column).abs()[None]
    ring = torch.maximum(from_row, from_column)  # 0 in the middle
    weights = 1.0 / torch.arange(1, int(ring.max()) + 2, dtype=torch.float32) ** 2
    # A pixel lies in every rectangle from its own ring outwards.
    return weights.flip(0).cumsum(0).flip(0)[ring]


def _bumps(size: int, draws_ND: torch.Tensor) -> torch.Tensor:
    """A bump an image and channel [N, C, S, S]: turned by the first draw, signs by the others."""
    upright_SS = bump(size).to(draws_ND.device)
    turned_N = draws_ND[:, 0] < 0.5
    shape_NSS = torch.where(turned_N[:, None, None], upright_SS.T, upright_SS)
    return shape_NSS[:, None] * _signs(draws_ND[:, 1:])[:, :, None, None]


def _placed(
    squares_NCSS: torch.Tensor, inside_N1HW: torch.Tensor, shape: torch.Size
) -> torch.Tensor:
    """The squares where the mask says, 0 elsewhere."""
    placed_NCHW = squares_NCSS.new_zeros(shape)
    placed_NCHW[inside_N1HW.expand(shape)] = squares_NCSS.flatten()
    return placed_NCHW


def _signs(draws: torch.Tensor) -> torch.Tensor:
    return (draws < 0.5).float().mul_(2).sub_(1)


def _corners(
    draws_N2: torch.Tensor, size: int, height: int, width: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Upper left corners, uniform over all places where the square fits."""
    rows_N = (draws_N2[:, 0] * (height - size + 1)).long()
    return rows_N, (draws_N2[:, 1] * (width - size + 1)).long()


def _inside(
    rows_N: torch.Tensor, columns_N: torch.Tensor, size: int, height: int, width: int
) -> torch.Tensor:
    """bool [N, 1, H, W]."""
    row_H = torch.arange(height, device=rows_N.device)[None, :] - rows_N[:, None]
    column_W = torch.arange(width, device=rows_N.device)[None, :] - columns_N[:, None]
    in_rows, in_columns = ((d >= 0) & (d < size) for d in (row_H, column_W))
    return (in_rows[:, :, None] & in_columns[:, None, :])[:, None]


def _odd(size: int, most: int) -> int:
    return size if size % 2 or size + 1 > most else size + 1


def _squares(change: torch.Tensor, dims: tuple[int, ...]) -> torch.Tensor:
    return change.square().sum(dim=dims, keepdim=True)


def _length(change: torch.Tensor, dims: tuple[int, ...]) -> torch.Tensor:
    return _squares(change, dims).sqrt().clamp(min=1e-12)
