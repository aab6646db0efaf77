"""Every combination of the values that a space declares, each once.

Optuna's GridSampler does not serve here: it writes the whole grid into each trial, ends the study
by `Study.stop`, which raises outside of `optimize`, and its `after_trial` wants a `grid_id` that an
enqueued trial has not (optuna 5.0, samplers/_grid.py).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from optuna.samplers import BaseSampler

from orchestrator.study.samplers.needs import SamplerKind, SamplerNeeds
from search_spaces.errors import UsageError

LARGEST = 1_000_000  # points; the order of more would take longer to shuffle than to draw


def grid_of(needs: SamplerNeeds) -> dict[str, tuple[Any, ...]]:
    """The values by parameter, in the order of the parameters' names."""
    return {name: tuple(values) for name, values in sorted((needs.grid or {}).items())}


def points(needs: SamplerNeeds) -> int:
    """How many combinations there are."""
    return math.prod(len(values) for values in grid_of(needs).values())


def point(grid: Mapping[str, Sequence[Any]], number: int) -> dict[str, Any]:
    """Combination `number` of the grid, counting as `itertools.product` does."""
    found = {}
    for name in reversed(list(grid)):
        number, place = divmod(number, len(grid[name]))
        found[name] = grid[name][place]
    return found


class GridPoint(BaseSampler):
    """Draws one point of a grid.

    Args:
        values: by parameter.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values

    def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, Any]:
        """Nothing: a grid is not told the ranges beforehand."""
        del study, trial
        return {}

    def sample_relative(self, study: Any, trial: Any, search_space: Any) -> dict[str, Any]:
        """Nothing, as above."""
        del study, trial, search_space
        return {}

    def sample_independent(
        self, study: Any, trial: Any, param_name: str, param_distribution: Any
    ) -> Any:
        """The point's value of this parameter.

        Raises:
            UsageError: the grid has none.
        """
        del study, trial, param_distribution
        if param_name not in self.values:
            rule = "A grid must hold values of every parameter of its space."
            raise UsageError(rule, got=param_name, hint=f"It holds {', '.join(self.values)}.")
        return self.values[param_name]


def make(needs: SamplerNeeds) -> BaseSampler:
    """The combinations in an order that the seed shuffles, so that a part of them is spread out."""
    grid = grid_of(needs)
    order = _order(points(needs), needs.steady_seed)
    return GridPoint(point(grid, order[needs.draw % len(order)]))


@lru_cache(maxsize=4)
def _order(count: int, seed: int) -> Sequence[int]:
    return [int(number) for number in np.random.default_rng(seed).permutation(count)]


GRID = SamplerKind(
    name="grid",
    sentence="tries every combination of the values that the space declares, each once",
    make=make,
    conditional=True,
    points=points,
    instead="qmc",
)
