"""Square Attack: random search over squares, without a gradient.

Andriushchenko, Croce, Flammarion and Hein, Square Attack: a query-efficient black-box adversarial
attack via random search, 2020, algorithms 1 to 3. A query changes one square of each image; it
stays changed where that lowers the margin. Squares shrink in the paper's nine steps.

Shapes: N images, R of them that still stand, C H W channels and pixels, T queries.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import nn

from trainables.attacks.base import Attack
from trainables.attacks.losses import margin
from trainables.attacks.option import option
from trainables.attacks.square_moves import MOVES, Moves
from trainables.attacks.standing import Standing
from trainables.attacks.streams import Streams

# Of 10,000 queries, those after which the share of changed pixels is halved once more.
_HALVINGS = (10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000)
_BLOCK = 500  # queries whose random numbers are drawn at once: 10 kB an image


def share_of_pixels(query: int, queries: int, share: float) -> float:
    """Of an image's pixels, those in the square of query 0, 1, ...; starts at `share`.

    The paper's steps, which are for 10,000 queries, in proportion.
    """
    reached = query / queries * 10_000
    return share / 2.0 ** sum(reached > halving for halving in _HALVINGS)


@dataclass(frozen=True, kw_only=True)
class Square(Attack):
    """`queries` squares, the first of them over a share `p` of the pixels."""

    name = "square"

    queries: int = option(5000, "squares tried, each a pass forward", low=1, high=1_000_000)
    p: float = option(
        0.8, "share of the pixels in the first square", low=0.001, high=1, whole=False
    )
    restarts: int = option(1, "tries, each from a start of its own", low=1, high=1_000)

    def most_passes(self, _: int, /) -> tuple[int, int]:
        return (self.queries + 1) * self.restarts, 0

    def __call__(
        self, model: nn.Module, images01_NCHW: torch.Tensor, labels_N: torch.Tensor, eps: float
    ) -> torch.Tensor:
        standing, streams = Standing(images01_NCHW), Streams(images01_NCHW, self.seed)
        for restart in range(self.restarts):
            if len(standing):
                rows_R = standing.rows_R
                moves = MOVES[self.norm](images01_NCHW[rows_R], eps)
                search = _Search(model, labels_N[rows_R], moves, standing)
                self._search(search, streams.pick(rows_R), restart)
        return standing.attacked_NCHW

    def _search(self, search: _Search, streams: Streams, restart: int) -> None:
        moves, (height, width) = search.moves, search.moves.clean_NCHW.shape[2:]
        draws_N = streams.uniform(restart, (moves.starting_draws,), salt=1)
        search.start(draws_N)
        for query in range(self.queries):
            if query % _BLOCK == 0:
                block = 2 + query // _BLOCK
                draws_NT = streams.uniform(restart, (_BLOCK, moves.draws), salt=block)
            if not len(search.standing):
                return
            area = share_of_pixels(query, self.queries, self.p) * height * width
            search.query(draws_NT[search.kept, query % _BLOCK], math.sqrt(area))


class _Search:
    """One try at the images that stand: the best of each, and its margin.

    Args:
        labels_R: of the images that stand as it begins.
    """

    def __init__(
        self, model: nn.Module, labels_R: torch.Tensor, moves: Moves, standing: Standing
    ) -> None:
        self.model = model
        self.labels_R = labels_R
        self.moves = moves
        self.standing = standing
        self.kept = torch.arange(len(labels_R), device=labels_R.device)

    def start(self, draws_RD: torch.Tensor) -> None:
        """The first query."""
        self.best_RCHW = self.moves.start(draws_RD)
        self.margin_R, wrong_R = self._ask(self.best_RCHW)
        self._let_go(wrong_R, self.best_RCHW)

    def query(self, draws_RD: torch.Tensor, side: float) -> None:
        """One square for each image."""
        images_RCHW = self.moves.propose(self.best_RCHW, draws_RD, side)
        margin_R, wrong_R = self._ask(images_RCHW)
        better_R = margin_R < self.margin_R
        self.best_RCHW = torch.where(better_R[:, None, None, None], images_RCHW, self.best_RCHW)
        self.margin_R = torch.where(better_R, margin_R, self.margin_R)  # a NaN is no better
        self._let_go(wrong_R, images_RCHW)

    @torch.no_grad()
    def _ask(self, images_RCHW: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        logits_RK = self.model(images_RCHW).float()
        return margin(logits_RK, self.labels_R), logits_RK.argmax(dim=1) != self.labels_R

    def _let_go(self, wrong_R: torch.Tensor, images_RCHW: torch.Tensor) -> None:
        stays_R = self.standing.leave(wrong_R, images_RCHW)
        if stays_R is not None:
            self.labels_R, self.moves = self.labels_R[stays_R], self.moves.pick(stays_R)
            self.best_RCHW, self.margin_R = self.best_RCHW[stays_R], self.margin_R[stays_R]
            self.kept = self.kept[stays_R]
        self.standing.put(self.best_RCHW)
