"""The middle of the longest valley (by the authors of ESRNN; as fastai has it).

Shapes: S steps.
"""

from __future__ import annotations

from bisect import bisect_left

import numpy as np

from trainables.lr_range.steep import never_falls


def valley(lrs_S: np.ndarray, losses_S: np.ndarray) -> tuple[float | None, str]:
    """The middle of the longest run of steps, gaps allowed, in which each loss is a new low."""
    if why_not := never_falls(losses_S):
        return None, why_not
    steps = longest_fall(losses_S)
    lr = float(lrs_S[steps[len(steps) // 2]])
    return lr, f"the middle of a fall from {lrs_S[steps[0]]:.2g} to {lrs_S[steps[-1]]:.2g}"


def longest_fall(losses_S: np.ndarray) -> list[int]:
    """Steps of the longest strictly decreasing subsequence (patience sorting, Fredman 1975)."""
    lowest: list[float] = []  # negated last loss of the best fall of each length
    ends: list[int] = []  # and its step
    before: list[int] = []  # for each step, the one before it in its fall, or -1
    for step, loss in enumerate(losses_S):
        length = bisect_left(lowest, -loss)
        before.append(ends[length - 1] if length else -1)
        lowest[length : length + 1] = [-loss]
        ends[length : length + 1] = [step]
    steps = [ends[-1]]
    while before[steps[-1]] >= 0:
        steps.append(before[steps[-1]])
    return steps[::-1]
