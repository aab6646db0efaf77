"""Inner products of all points with one point after another, many of them computed ahead.

A greedy choice needs a column of the Gram matrix for each pick, and each pick depends on the one
before. As products of a matrix and a vector, all features would be read from memory for each. But
the next picks are mostly among the best few of now: so the columns of the best few are computed as
one product of matrices, and kept. The result is exactly that of one at a time, whatever the guess.

Shapes: N points, F features, G columns at a time.
"""

from __future__ import annotations

import torch

_AHEAD = 32
_KEPT = 512  # columns: 100 MB of 50,000 points


class Columns:
    """Columns of the Gram matrix of `points_NF`; `computed` counts those worked out so far."""

    def __init__(self, points_NF: torch.Tensor) -> None:
        self._points_NF = points_NF
        self._kept: dict[int, torch.Tensor] = {}
        self._served = self._ahead = _AHEAD
        self.computed = 0

    def of(self, pick: int, likely_N: torch.Tensor | None = None) -> torch.Tensor:
        """Inner products [N] of all points with point `pick`.

        Args:
            likely_N: how likely each point is to be asked for next; higher is likelier.
        """
        if pick not in self._kept:
            self._work_out(pick, likely_N)
        self._served += 1
        return self._kept.pop(pick)

    def _work_out(self, pick: int, likely_N: torch.Tensor | None) -> None:
        # As far ahead as guesses came true the last time, and as far again.
        self._ahead, self._served = min(_AHEAD, max(1, 2 * self._served)), 0
        ahead = [pick]
        if likely_N is not None:
            best = likely_N.topk(min(self._ahead, len(likely_N))).indices.tolist()
            ahead += [place for place in best if place != pick and place not in self._kept]
        for place in list(self._kept)[: max(0, len(self._kept) + len(ahead) - _KEPT)]:
            del self._kept[place]  # the oldest guesses
        columns_GN = self._points_NF[ahead] @ self._points_NF.T
        self._kept |= dict(zip(ahead, columns_GN, strict=True))
        self.computed += len(ahead)
