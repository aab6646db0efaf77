"""The grid of epsilons that an attack is measured on. Imports no torch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from search_spaces.errors import UsageError


def check_epsilons(eps_255: Sequence[float]) -> tuple[float, ...]:
    """The epsilons as floats.

    Raises:
        UsageError: they are not finite, do not ascend, or do not begin with 0.
    """
    values = tuple(float(eps) for eps in eps_255)
    ascending = all(a < b for a, b in pairwise(values))
    if not values or values[0] != 0 or not ascending or not all(map(math.isfinite, values)):
        raise UsageError("Epsilons ascend from 0, in units of 1/255.", got=values)
    return values
