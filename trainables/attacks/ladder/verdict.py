"""Early verdicts: what a dear attack on all images of a sample would say, from a part of them.

The sample is finite, and on every image something is known already: whether the net has it right
under all that was tried before. Only images that one of the nets still has right can change the
decision, and a change only ever is a loss. So the verdict is about the sum of these changes, drawn
without replacement (`wealth.py`). It is the decision of the attack on the whole sample with a
probability of at least 1 - `alpha`, whenever one looks; and it is certain as soon as the images
that are left could not change it, so at the last one at the latest.

Shapes: N images of the sample, B of them that were attacked since the last look.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from trainables.attacks.ladder.wealth import Wealth

ALPHA = 0.05
MARGIN = 0.02
"""Nets within 2 points of each other are alike: on 1,000 images the standard error of a difference
is 1 to 2 points, so the attack on the whole sample could not tell them apart on other images."""

Word = Literal["better", "worse", "alike", "above", "below", "open"]
_NEAR = 1e-9


@dataclass(frozen=True)
class Verdict:
    """A decision, or `open`.

    Args:
        word: of two nets `better` (the first), `worse`, `alike`; of a gate `above`, `below`.
        certain: no outcome of the images left could change it.
        drawn: images that it rests on, of the `count` that could have changed it.
    """

    word: Word
    certain: bool
    drawn: int
    count: int

    @property
    def settled(self) -> bool:
        """Whether it is a decision."""
        return self.word != "open"


class BetterThan:
    """Which of two nets has more images right under the attack, by more than `margin`?

    `better`: the first one's accuracy exceeds the second's by more than the margin; `worse`: the
    other way round; `alike`: neither. Each image is attacked on both nets, or neither.

    Args:
        first_N, second_N: bool: right under all that was tried before.
        margin: share of the sample.
        alpha: probability of a wrong verdict, over all looks together.
    """

    def __init__(
        self,
        first_N: np.ndarray,
        second_N: np.ndarray,
        *,
        margin: float = MARGIN,
        alpha: float = ALPHA,
    ) -> None:
        self._first_N, self._second_N = first_N.copy(), second_N.copy()
        self._open_N = first_N | second_N
        self._alpha = alpha
        self._within = int(margin * len(first_N) + _NEAR)
        self._lead = int(first_N.sum()) - int(second_N.sum())
        self._count, self._drawn = int(self._open_N.sum()), 0
        k, lead = self._within, self._lead
        first_low, second_low = -float(first_N.any()), -float(second_N.any())
        # Against "the lead is k at most" and "-k - 1 at most"; the same for the second net's lead.
        self._up = Wealth(self._count, np.array([k - lead, -k - 1 - lead]), low=first_low)
        self._down = Wealth(self._count, np.array([k + lead, -k - 1 + lead]), low=second_low)

    def hear(self, rows_B: np.ndarray, first_B: np.ndarray, second_B: np.ndarray) -> Verdict:
        """What the attack left right of these images of the sample, in their random order.

        Images that both nets had wrong before may be among them, and count for nothing.

        Raises:
            ValueError: an image for the second time, or one that turned from wrong to right.
        """
        for row, first, second in zip(rows_B, first_B, second_B, strict=True):
            self._hear(int(row), bool(first), bool(second))
        return self.verdict

    def _hear(self, row: int, first: bool, second: bool) -> None:
        before = bool(self._first_N[row]), bool(self._second_N[row])
        if first > before[0] or second > before[1]:
            raise ValueError(f"image {row} was wrong before, so an attack cannot set it right")
        if not any(before):
            return
        if not self._open_N[row]:
            raise ValueError(f"image {row} has been heard of")
        self._open_N[row] = False
        change = (int(first) - before[0]) - (int(second) - before[1])
        self._up.draw(change)
        self._down.draw(-change)
        self._lead += change
        self._drawn += 1

    @property
    def verdict(self) -> Verdict:
        """As it stands."""
        certain = self._certain()
        word = certain or self._told()
        return Verdict(word, certain is not None, self._drawn, self._count)

    def _certain(self) -> Word | None:
        least = self._lead - int((self._first_N & self._open_N).sum())
        most = self._lead + int((self._second_N & self._open_N).sum())
        words = self._word_of(least), self._word_of(most)
        return words[0] if words[0] == words[1] else None

    def _word_of(self, lead: int) -> Word:
        if abs(lead) <= self._within:
            return "alike"
        return "better" if lead > 0 else "worse"

    def _told(self) -> Word:
        """Of the three decisions one is true, and two of the four bets could be lost by it."""
        more, not_less = self._up.refuted(self._alpha / 2)
        less, not_more = self._down.refuted(self._alpha / 2)
        if more:
            return "better"
        if less:
            return "worse"
        return "alike" if not_less and not_more else "open"


class AboveGate:
    """Is a net's accuracy under the attack at least `gate`?

    Args:
        right_N: bool: right under all that was tried before.
        gate: share of the sample.
        alpha: probability of a wrong verdict, over all looks together.
    """

    def __init__(self, right_N: np.ndarray, gate: float, *, alpha: float = ALPHA) -> None:
        self._open_N = right_N.copy()
        self._alpha = alpha
        self._right = self._count = int(right_N.sum())
        self._needed = int(np.ceil(gate * len(right_N) - _NEAR))
        spare = self._count - self._needed  # that may be lost
        self._lost = Wealth(self._count, np.array([-spare - 1]), low=-1)
        self._kept = Wealth(self._count, np.array([spare]), low=0)

    def hear(self, rows_B: np.ndarray, right_B: np.ndarray) -> Verdict:
        """What the attack left right of these images, in their random order.

        Raises:
            ValueError: an image for the second time, or one that turned from wrong to right.
        """
        for row, right in zip(rows_B, right_B, strict=True):
            if not self._open_N[row]:
                if right:
                    raise ValueError(f"image {row} was wrong before, or has been heard of")
                continue
            self._open_N[row] = False
            lost = 0 if right else 1
            self._right -= lost
            self._lost.draw(-lost)
            self._kept.draw(lost)
        return self.verdict

    @property
    def verdict(self) -> Verdict:
        """As it stands."""
        left = int(self._open_N.sum())
        drawn = self._count - left
        if self._right < self._needed:
            return Verdict("below", True, drawn, self._count)
        if self._right - left >= self._needed:
            return Verdict("above", True, drawn, self._count)
        above, below = self._lost.refuted(self._alpha)[0], self._kept.refuted(self._alpha)[0]
        word: Word = "above" if above else "below" if below else "open"
        return Verdict(word, False, drawn, self._count)
