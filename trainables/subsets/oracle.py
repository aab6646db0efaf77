"""`LabelOracle`: the one who labels images, in a simulation; it counts, and keeps to the rules.

A strategy says beforehand which labels it may see. One that lives on bought labels can ask for no
more than its budget, and what it asked for it has chosen; `choose` holds it to that.

Shapes: N candidates, B asked for.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from trainables.subsets.hidden import HiddenLabels

LabelsSeen = Literal["none", "bought", "all"]
"""What a strategy may see: no label, those of what it has chosen so far, those of all candidates"""


class LabelRefused(RuntimeError):
    """A strategy asked for a label that it did not declare: a mistake in the strategy."""


class LabelOracle:
    """Hands out labels of candidates, and counts different ones.

    Args:
        labels: of the data set.
        places_N: where each candidate lies in it.
        may_see: what the strategy declares.
        budget: labels that may be bought.
        known_A: candidates whose labels were bought before.
    """

    def __init__(
        self,
        labels: HiddenLabels,
        places_N: np.ndarray,
        *,
        may_see: LabelsSeen,
        budget: int,
        known_A: np.ndarray | None = None,
    ) -> None:
        self._labels, self._places_N = labels, places_N
        self._may_see, self._budget = may_see, budget
        self._known_A = np.empty(0, np.int64) if known_A is None else known_A
        self._asked_N = np.zeros(len(places_N), bool)
        self._asked_N[self._known_A] = True

    @property
    def count(self) -> int:
        """Different labels handed out so far, those known before among them."""
        return int(self._asked_N.sum())

    @property
    def asked_A(self) -> np.ndarray:
        """The candidates whose labels were handed out, ascending."""
        return np.flatnonzero(self._asked_N)

    def ask(self, candidates_B: np.ndarray) -> np.ndarray:
        """Labels of `candidates_B`, int64 [B]; asking again costs nothing.

        Raises:
            LabelRefused: a strategy that declared none, or more than its budget.
        """
        if self._may_see == "none":
            raise LabelRefused("A strategy that declares no labels asked for some.")
        asked_N = self._asked_N.copy()
        asked_N[candidates_B] = True
        bought = int(asked_N.sum()) - len(self._known_A)
        if self._may_see == "bought" and bought > self._budget:
            rule = f"A strategy asked for {bought} labels with a budget of {self._budget}."
            raise LabelRefused(rule)
        self._asked_N = asked_N
        return self._labels.open(self._places_N[candidates_B])

    def ask_all(self) -> np.ndarray:
        """Labels of all candidates, int64 [N].

        Raises:
            LabelRefused: a strategy that did not declare that it needs them.
        """
        if self._may_see != "all":
            raise LabelRefused("A strategy asked for all labels and does not declare it.")
        return self.ask(np.arange(len(self._places_N)))

    def settle(self, chosen_B: np.ndarray) -> np.ndarray:
        """Labels of what was chosen in the end, for training; counted like all others.

        Raises:
            LabelRefused: labels were bought of images that were not chosen.
        """
        unused = np.setdiff1d(self.asked_A, np.concatenate([self._known_A, chosen_B]))
        if self._may_see == "bought" and len(unused):
            raise LabelRefused(f"{len(unused)} labels were bought of images that were not chosen.")
        self._asked_N[chosen_B] = True
        return self._labels.open(self._places_N[chosen_B])
