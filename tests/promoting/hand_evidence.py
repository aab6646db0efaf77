"""Evidence made by hand: how many images each of two models has right, and survives."""

from __future__ import annotations

import numpy as np

from orchestrator.promoting.evidence import Evidence, Showing, Survival

GRID = (0.0, 4.0, 8.0)


def right(both: int, alone: int, other: int, neither: int) -> tuple[np.ndarray, np.ndarray]:
    """Two models over the same images: right by both, by the first alone, by the second alone,
    by neither."""
    first = [True] * (both + alone) + [False] * (other + neither)
    second = [True] * both + [False] * alone + [True] * other + [False] * neither
    return np.array(first), np.array(second)


def survival(clean: int, half: int, whole: int, count: int) -> Survival:
    """`whole` images survive 8/255, `half` more survive 4/255, `clean` more only nothing."""
    right_ME = np.zeros((count, 3), dtype=bool)
    right_ME[: clean + half + whole, 0] = True
    right_ME[: half + whole, 1] = True
    right_ME[:whole, 2] = True
    return Survival(right_ME, GRID, {"attack": "pgd10"}, {"sample_digest": "s"})


def evidence(
    table: tuple[int, int, int, int],
    scores: tuple[Survival, Survival] | None = None,
    latency: float | None = None,
) -> Evidence:
    """The first model is the candidate, the second the champion, version 3."""
    one_N, other_N = right(*table)
    one, other = scores or (None, None)
    return Evidence(Showing(one_N, one, latency), Showing(other_N, other), "3")


def first(right_N: np.ndarray, survived: Survival | None = None) -> Evidence:
    """A candidate without a champion."""
    return Evidence(Showing(right_N, survived))
