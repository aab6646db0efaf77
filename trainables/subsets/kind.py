"""What a strategy is given, and what each kind of strategy says of itself.

Shapes: N candidates, A labelled before, F features, K classes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from search_spaces.options import Option, Value
from trainables.subsets.oracle import LabelOracle, LabelsSeen


@dataclass(frozen=True, eq=False)
class Choosing:
    """One choice of images: all that a strategy may know.

    Args:
        features_NF: float32, of the candidates; [N, 0] for a strategy that declares none.
        known_A: candidates whose labels were bought before; a strategy may ask for them.
        budget: further images to choose, at most N - A.
        classes: how many there are.
        labels: whom to ask for labels, within what the strategy declares.
        generator: all randomness comes from it.
        options: by name, all of them.
        tell: is told how many are chosen by now.
    """

    features_NF: np.ndarray
    known_A: np.ndarray
    budget: int
    classes: int
    labels: LabelOracle
    generator: np.random.Generator
    options: Mapping[str, Value]
    tell: Callable[[int], object]

    @property
    def count(self) -> int:
        """Candidates."""
        return len(self.features_NF)

    @property
    def total(self) -> int:
        """Images labelled in the end."""
        return len(self.known_A) + self.budget

    def first_of(self, order_N: np.ndarray) -> np.ndarray:
        """The first `budget` of an order of all candidates, without those known before."""
        return order_N[~np.isin(order_N, self.known_A)][: self.budget]

    def number(self, name: str) -> int:
        """An option that is a count of images; below 1 it is a share of `total`."""
        value = float(self.options[name])
        return round(value * self.total) if value < 1 else int(value)


@dataclass(frozen=True)
class SubsetStrategy:
    """A way to choose the images that are to be labelled.

    Args:
        name: as `subset` takes it.
        sentence: what it does, in one; names its source.
        select: `budget` different candidates, int64, in the order of choice.
        features: whether it looks at features.
        labels: which labels it sees.
        options: what can be set.
    """

    name: str
    sentence: str
    select: Callable[[Choosing], np.ndarray]
    features: bool
    labels: LabelsSeen
    options: tuple[Option, ...] = ()
