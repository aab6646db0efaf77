"""The trials that a search is likely to run, as far as its duration goes."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from orchestrator.plan.workload import Likely, Planned, Points
from orchestrator.settings import make_config
from search_spaces.errors import InfeasibleTrial, UsageError
from search_spaces.fixing import FixingTrial
from search_spaces.space import Params, Space, SpaceContext
from trainables.recipe_check import check_recipe

# Enough for a mean: over log-uniform epochs from 1 to 100 its standard error is 7 %.
_DRAWS = 200


@dataclass(frozen=True)
class Drawn:
    """A trial that answers at random, but for what is given: what a sampler does at first."""

    random: random.Random
    given: Params

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """One of `choices`."""
        return self.given[name] if name in self.given else self.random.choice(list(choices))

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        """Uniform, or uniform in the logarithm."""
        del step
        if name in self.given:
            return float(self.given[name])
        if not log:
            return self.random.uniform(low, high)
        return math.exp(self.random.uniform(math.log(low), math.log(high)))

    def suggest_int(
        self, name: str, low: int, high: int, *, step: int = 1, log: bool = False
    ) -> int:
        """The nearest whole number."""
        if name not in self.given and not log and step == 1:
            return self.random.randint(low, high)
        return round(self.suggest_float(name, low, high, log=log))


def likely_points(
    space: Space,
    base: Mapping[str, Any],
    fixed: Mapping[str, Any],
    own: Mapping[str, int],
    *,
    train_size: int,
    searched: bool,
) -> Points:
    """By the sizes on offer: the baselines, and draws at random that can be trained.

    Args:
        base: what all trials share, unsettled input size and all.
        own: nets that see a size of their own.
        searched: whether the space chooses the input size.
    """

    @lru_cache(maxsize=32)
    def at(backbones: tuple[str, ...], sizes: tuple[int, ...]) -> Likely:
        offered = sizes if searched else ()
        defaults = make_config(dict(base)).model_dump(mode="json")
        context = SpaceContext(backbones, offered, train_size, defaults, own)

        def planned(given: Params) -> Planned | None:
            drawn = Drawn(random.Random(0) if given else chance, given)
            return _planned(space, context, base, fixed, drawn, sizes)

        chance = random.Random(0)
        first = [planned(point) for point in space.baselines(context)]
        further = [planned({}) for _ in range(_DRAWS)]
        return Likely(
            tuple(each for each in first if each), tuple(each for each in further if each)
        )

    def points(offered: Mapping[str, Sequence[int]]) -> Likely:
        free = {tuple(sizes) for name, sizes in offered.items() if name not in own}
        sizes = max(free, key=len) if free else ()
        return at(tuple(offered), sizes)

    return points


def _planned(
    space: Space,
    context: SpaceContext,
    base: Mapping[str, Any],
    fixed: Mapping[str, Any],
    drawn: Drawn,
    sizes: Sequence[int],
) -> Planned | None:
    """What this trial would push through its body; None where it would not be trained."""
    try:
        found = space.suggest(FixingTrial(drawn, fixed), context)
        free = {name: value for name, value in found.items() if name not in fixed}
        recipe = make_config({**base, **free})
        check_recipe(recipe)
    except (InfeasibleTrial, UsageError):
        return None
    size = fixed.get("input_size") or free.get("input_size")
    if size is None and sizes:
        size = sizes[-1]
    return Planned(recipe.backbone, size, recipe)
