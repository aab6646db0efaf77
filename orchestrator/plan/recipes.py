"""Tells before anything runs that what was asked for cannot be trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.settings import make_config
from search_spaces.branches import branches
from search_spaces.errors import UsageError
from search_spaces.space import Space, SpaceContext
from trainables.backbones import get_backbone
from trainables.config import TrialConfig
from trainables.recipe_check import check_recipe


def check_recipes(
    space: Space, context: SpaceContext, base: Mapping[str, Any], fixed: Mapping[str, Any]
) -> None:
    """Lets a search pass in which each backbone has a recipe that can be trained.

    A contradiction may lie in what is searched (a peak at epoch 10 where `epochs` goes from 5 to
    100): so a backbone passes with its first good point, among all choices, numbers at either end.

    Raises:
        UsageError: what contradicts itself at every point of a backbone; names the backbone.
    """
    bad: dict[str, UsageError] = {}
    good: set[str] = set()
    for highest in (False, True):
        for branch in branches(space, context, fixed=fixed, highest=highest):
            free = {name: value for name, value in branch.overrides.items() if name not in fixed}
            backbone = str({**base, **free}["backbone"])
            if backbone in good or not branch.overrides:
                continue
            try:
                _check(make_config({**base, **free}))
                good.add(backbone)
            except UsageError as error:
                bad.setdefault(backbone, error)
        if good.issuperset(bad):
            return
    backbone = next(name for name in bad if name not in good)
    raise UsageError(f"{backbone} cannot be trained so: {bad[backbone]}")


def _check(config: TrialConfig) -> None:
    check_recipe(config)
    spec = get_backbone(config.backbone)
    if config.tune == "last" and spec.split is None and spec.last_stage is None:
        rule = f"tune=last needs a net that says what its last stage is; {spec.name} does not."
        raise UsageError(rule, hint="Train all of it: --set tune=all.")
