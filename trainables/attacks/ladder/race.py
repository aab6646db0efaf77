"""Which `keep` of several nets go on, by early verdicts on each two of them.

After Maron and Moore, Hoeffding races, 1994: a net leaves the race as soon as it is known to be
out, or in; the others go on. Here with bounds that hold at every look (`verdict.py`).

Shapes: M nets, N images of the sample, B of them that were attacked since the last look.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np

from trainables.attacks.ladder.verdict import ALPHA, MARGIN, BetterThan, Verdict, Word

_TURNED: dict[Word, Word] = {"better": "worse", "worse": "better"}


class Race:
    """The verdicts between nets on one rung, and who is in and who is out.

    Args:
        right_MN: bool: right under all that was tried before.
        keep: nets that go on.
        margin: nets within this share of the sample of each other are alike: either may go on.
        alpha: probability that any verdict is wrong, over all pairs and looks together.
    """

    def __init__(
        self,
        right_MN: np.ndarray,
        keep: int,
        *,
        margin: float = MARGIN,
        alpha: float = ALPHA,
    ) -> None:
        self._nets = tuple(range(len(right_MN)))
        self._keep = min(keep, len(right_MN))
        pairs = list(combinations(self._nets, 2))
        level = alpha / max(1, len(pairs))
        self._pairs = {
            (i, j): BetterThan(right_MN[i], right_MN[j], margin=margin, alpha=level)
            for i, j in pairs
        }
        self._right_MN = right_MN.copy()
        self.inside: list[int] = []
        self.outside: list[int] = []
        self._sort()

    def hear(self, rows_B: np.ndarray, right_B: Mapping[int, np.ndarray]) -> None:
        """What the attack left right of these images, by net; at least of those undecided."""
        for i, right in right_B.items():
            self._right_MN[i, rows_B] = right
        for (i, j), pair in self._pairs.items():
            if i in right_B and j in right_B and not pair.verdict.settled:
                pair.hear(rows_B, right_B[i], right_B[j])
        self._sort()

    @property
    def undecided(self) -> tuple[int, ...]:
        """Nets that may still be in or out."""
        return tuple(i for i in self._nets if i not in self.inside and i not in self.outside)

    def verdict(self, i: int, j: int) -> Verdict:
        """On net i, compared with net j, as it stands."""
        if (i, j) in self._pairs:
            return self._pairs[i, j].verdict
        found = self._pairs[j, i].verdict
        word = _TURNED.get(found.word, found.word)
        return Verdict(word, found.certain, found.drawn, found.count)

    def _sort(self) -> None:
        """Until nothing changes: whoever is in or out leaves a smaller race to the others."""
        while True:
            left, places = self.undecided, self._keep - len(self.inside)
            if not left:
                return
            if places <= 0:
                self.outside += left
                return
            if len(left) <= places:
                self.inside += left
                return
            out = [i for i in left if self._count(i, left, ("worse",)) >= places]
            sure = [
                i for i in left if self._count(i, left, ("better", "alike")) >= len(left) - places
            ]
            if not out and not sure:
                return
            self.outside += out
            # Of nets that are alike more may be sure of a place than there are places.
            self.inside += sorted(sure, key=lambda i: -self._right_MN[i].sum())[:places]

    def _count(self, i: int, left: tuple[int, ...], words: tuple[Word, ...]) -> int:
        return sum(self.verdict(i, j).word in words for j in left if j != i)
