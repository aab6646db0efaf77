"""What all trials of a study share, and what a space decides for each of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from search_spaces.branches import branches
from search_spaces.space import Space, SpaceContext
from trainables.config import TrialConfig

# Fields whose default follows from another one, as in trainables/recipe_fields.py.
_FOLLOWS = frozenset(
    name for name, field in TrialConfig.model_fields.items() if field.default_factory is not None
)
_DECIDES = frozenset({"tune", "head", "head_start"})


@dataclass(frozen=True)
class Decided:
    """What a space gives to trials, over all its branches.

    Args:
        fields: those of TrialConfig that it gives anywhere and that nobody has fixed.
        trained_whole: backbones that it trains as a whole somewhere.
    """

    fields: frozenset[str]
    trained_whole: frozenset[str]


def decided(
    space: Space, context: SpaceContext, base: Mapping[str, Any], fixed: Mapping[str, Any]
) -> Decided:
    """Walk through the space.

    Raises:
        UsageError: a range is upside down, empty, or given twice in different ways.
    """
    fields: set[str] = set()
    whole: set[str] = set()
    for branch in branches(space, context, fixed=dict(fixed)):
        fields.update(set(branch.overrides) - set(fixed))
        made = {**base, **branch.overrides, **fixed}
        if made.get("tune") == "all":
            whole.add(str(made["backbone"]))
    return Decided(frozenset(fields), frozenset(whole))


def shared_fields(
    config: TrialConfig, named: Collection[str], given: Collection[str]
) -> dict[str, Any]:
    """`config` as JSON, without what follows from fields that each trial has its own of.

    A trial that the space gives `tune=all` wants the learning rate of whole nets, not that of heads
    which the study's own `tune` comes to: so that one is left out, for each trial to settle.

    Args:
        named: fields that somebody has named; they stay.
        given: fields that the space gives.
    """
    fields = config.model_dump(mode="json")
    if not _DECIDES & set(given):
        return fields
    return {name: value for name, value in fields.items() if name not in _FOLLOWS - set(named)}
