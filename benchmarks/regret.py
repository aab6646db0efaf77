"""How far a search is from the best there is, by epochs spent; with intervals over seeds.

Shapes: S seeds, T trials, M objectives, B epochs spent (1 for the first).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from quality_table import ResultTable
from replayed_table import Trace

_DRAWS = 2000  # of the bootstrap


@dataclass(frozen=True)
class Interval:
    """An estimate and its 95 % interval."""

    middle: float
    low: float
    high: float


def regrets(
    traces: Sequence[Trace], table: ResultTable, objectives: tuple[str, ...], most: int
) -> np.ndarray:
    """[S, B]: score of the whole table - score of the full runs so far; NaN before there is one.

    The score is the best value of the one objective, or the hypervolume of two as a share of the
    table's.

    Args:
        traces: of seed 0, 1, 2, ...: seed s has split s modulo the number of splits.
        most: epochs.
    """
    scores = [_scores(table, objectives, split) for split in range(table.splits)]
    rows = []
    for seed, trace in enumerate(traces):
        best, score = scores[seed % table.splits]
        so_far_T = np.array([np.nan, *score(trace.values_TM)])
        done_B = np.searchsorted(trace.work_T, np.arange(1, most + 1), side="right")
        rows.append(best - so_far_T[done_B])
    return np.array(rows)


def _scores(
    table: ResultTable, objectives: tuple[str, ...], split: int
) -> tuple[float, Callable[[np.ndarray], np.ndarray]]:
    """The best score in the table, and the score of the first t of T trials, [T]."""
    signs_M = np.array([-1.0 if m.endswith("loss") else 1.0 for m in objectives])
    finals_NM = np.stack([table.curves[m][split, ..., -1].ravel() for m in objectives], axis=1)
    if len(objectives) == 1:
        best = float((signs_M * finals_NM).max())
        return best, lambda values_TM: np.maximum.accumulate(signs_M[0] * values_TM[:, 0])
    # From the median of the table: what is worse than that in either objective adds nothing.
    origin_M = np.median(signs_M * finals_NM, axis=0)
    whole = _hypervolume(signs_M * finals_NM - origin_M)

    def score(values_TM: np.ndarray) -> np.ndarray:
        above_TM = signs_M * values_TM - origin_M
        return np.array([_hypervolume(above_TM[: t + 1]) / whole for t in range(len(above_TM))])

    return 1.0, score


def _hypervolume(above_N2: np.ndarray) -> float:
    """The area that two objectives, both to be maximised, dominate above the origin."""
    kept = above_N2[(above_N2 > 0).all(axis=1)]
    area, height = 0.0, 0.0
    for x, y in kept[np.lexsort((-kept[:, 1], -kept[:, 0]))]:
        if y > height:
            area += x * (y - height)
            height = y
    return area


def mean_interval(values_S: np.ndarray) -> Interval:
    """Mean, with the percentile interval of the bootstrap over seeds; NaN where one is missing."""
    draws = np.random.default_rng(0).integers(len(values_S), size=(_DRAWS, len(values_S)))
    means = values_S[draws].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5]) if np.isfinite(means).all() else (np.nan, np.nan)
    return Interval(float(values_S.mean()), float(low), float(high))


def share_of_epochs(arm_SB: np.ndarray, random_SB: np.ndarray) -> Interval:
    """Epochs until the arm's mean regret is as low as random's at the end, as a share of random's.

    Random's epochs are those until its own mean regret has come to where it ends, which is nearly
    all. Seeds are drawn together in both (a seed has one split and one baseline). An arm that never
    gets there counts as infinite.
    """
    seeds = len(arm_SB)
    draws = np.random.default_rng(0).integers(seeds, size=(_DRAWS, seeds))
    shares = [_share(arm_SB[draw].mean(0), random_SB[draw].mean(0)) for draw in draws]
    low, high = np.percentile(shares, [2.5, 97.5], method="nearest")
    return Interval(_share(arm_SB.mean(0), random_SB.mean(0)), float(low), float(high))


def _share(arm_B: np.ndarray, random_B: np.ndarray) -> float:
    return _first(arm_B, random_B[-1]) / _first(random_B, random_B[-1])


def _first(curve_B: np.ndarray, goal: float) -> float:
    """The first epoch at which the curve is at or below the goal."""
    there_B = np.flatnonzero(curve_B <= goal + 1e-12)
    return float(there_B[0] + 1) if len(there_B) else np.inf


def never_reached(arm_SB: np.ndarray, random_SB: np.ndarray) -> float:
    """Share of the seeds in which the arm ends worse than random does with the same seed."""
    return float((arm_SB[:, -1] > random_SB[:, -1] + 1e-12).mean())
