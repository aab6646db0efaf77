"""`choose`: runs a strategy on features and labels, and holds it to what it declared.

Shapes: N images, A of them labelled before, M looked at, F features, B chosen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from search_spaces.errors import UsageError
from search_spaces.options import Option
from trainables.subsets.hidden import HiddenLabels
from trainables.subsets.kind import Choosing
from trainables.subsets.options import SubsetSpec
from trainables.subsets.oracle import LabelOracle

POOL = Option(
    "pool", 0, "images looked at, drawn at random; below 1 a share of all, and 0 is all of them"
)
_STREAM = 2  # 0 and 1 draw validation and training images of the same seed (splits.py)
_POOL_STREAM = 3


@dataclass(frozen=True, eq=False)
class Choice:
    """What a strategy chose.

    Args:
        indices_B: into what it chose from, in the order of choice.
        labels_seen: different labels handed out, those of the chosen images among them.
    """

    indices_B: np.ndarray
    labels_seen: int


def _nobody(done: int) -> None:
    del done


def choose(
    spec: SubsetSpec,
    features_NF: np.ndarray,
    labels: HiddenLabels | np.ndarray,
    *,
    budget: int,
    classes: int,
    seed: int,
    known_A: np.ndarray | None = None,
    places_N: np.ndarray | None = None,
    tell: Callable[[int], object] = _nobody,
) -> Choice:
    """The `budget` images that `spec` chooses; the same for the same arguments.

    Args:
        known_A: images whose labels were bought before; they are counted, and not chosen again.
        features_NF: float32; [N, 0] will do for a strategy that looks at none.
        labels: of the data set; an array is shut away for the time of the choice.
        places_N: where the N images lie in `labels` (default: they are the same).
        tell: is told how many are chosen by now.

    Raises:
        UsageError: a budget under 1, or above what is not known yet.
        LabelRefused: the strategy asked for labels that it does not declare.
    """
    count = len(features_NF)
    known_A = np.empty(0, np.int64) if known_A is None else known_A
    check_budget(budget, count - len(known_A))
    places_N = np.arange(count) if places_N is None else places_N
    hidden = labels if isinstance(labels, HiddenLabels) else HiddenLabels(labels)
    looked_at_M = candidates(spec, count, budget=budget, seed=seed, known_A=known_A)
    strategy = spec.strategy
    known_before_A = np.flatnonzero(np.isin(looked_at_M, known_A))
    oracle = LabelOracle(
        hidden,
        places_N[looked_at_M],
        may_see=strategy.labels,
        budget=budget,
        known_A=known_before_A,
    )
    seen_MF = features_NF if len(looked_at_M) == count else features_NF[looked_at_M]
    chosen_B = strategy.select(
        Choosing(
            features_NF=seen_MF if strategy.features else seen_MF[:, :0],
            known_A=known_before_A,
            budget=budget,
            classes=classes,
            labels=oracle,
            generator=np.random.default_rng((seed, _STREAM)),
            options=spec.options,
            tell=tell,
        )
    )
    _check(chosen_B, budget, len(looked_at_M), strategy.name)
    if np.isin(chosen_B, known_before_A).any():
        raise RuntimeError(f"{strategy.name} chose images whose labels are known already.")
    oracle.settle(chosen_B)
    return Choice(looked_at_M[chosen_B], oracle.count)


def candidates(
    spec: SubsetSpec, count: int, *, budget: int, seed: int, known_A: np.ndarray | None = None
) -> np.ndarray:
    """Which of `count` images are looked at, ascending: all, or `pool` of them and `known_A`."""
    asked = float(spec.options.get(POOL.name, 0))
    pool = round(asked * count) if asked < 1 else int(asked)
    if not asked or pool >= count:
        return np.arange(count)
    order_N = np.random.default_rng((seed, _POOL_STREAM)).permutation(count)
    known_A = order_N[:0] if known_A is None else known_A
    drawn_N = order_N[~np.isin(order_N, known_A)][: max(pool, budget)]
    return np.sort(np.concatenate([drawn_N, known_A]))


def check_budget(budget: int, count: int) -> None:
    """Raises UsageError where `budget` images cannot be chosen from `count`."""
    if not 1 <= budget <= count:
        rule = f"1 to {count} images can be chosen from {count} without a label."
        raise UsageError(rule, got=budget)


def _check(chosen_B: np.ndarray, budget: int, count: int, name: str) -> None:
    """A strategy of somebody's own is told what is wrong with its answer."""
    different = len(np.unique(chosen_B))
    if len(chosen_B) != budget or different != budget:
        raise RuntimeError(f"{name} chose {different} different images, not {budget}.")
    if not 0 <= chosen_B.min() <= chosen_B.max() < count:
        raise RuntimeError(f"{name} chose images outside [0, {count}).")
