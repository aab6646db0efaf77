"""Which backbones a search is about: named by a person, by the space, or all that have weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.plan.asking import CONTRADICTION
from orchestrator.plan.candidates import Candidates, choose_backbones
from orchestrator.plan.shared import decided
from orchestrator.request import SearchRequest
from orchestrator.study.context import own_sizes
from search_spaces.errors import UsageError
from search_spaces.space import Space, SpaceContext
from trainables.backbones import pretrained_backbones
from trainables.config import TrialConfig
from trainables.splits import DEFAULT_TRAIN

ANY_SIZES = (224,)
"""What a space is asked with before there are input sizes to choose among."""


def find_backbones(
    request: SearchRequest, space: Space, asked: TrialConfig, fixed: Mapping[str, Any]
) -> Candidates:
    """The backbones that the request names, else the space's own, else all that have weights.

    Raises:
        UsageError: `--backbones` and `--set backbone=...` differ, or there is no such backbone.
        UnavailableError: none is left.
    """
    chosen = request.backbones
    if "backbone" in fixed or not space.compares_backbones:
        if chosen is not None and chosen != (asked.backbone,):
            raise UsageError(CONTRADICTION, got=",".join(chosen))
        chosen = (asked.backbone,)
    names = chosen or space.backbones or pretrained_backbones()
    return choose_backbones(
        names,
        weights=asked.weights,
        weights_dir=asked.weights_dir,
        trained_whole=_trained_whole(space, names, asked, fixed),
    )


def _trained_whole(
    space: Space, names: tuple[str, ...], asked: TrialConfig, fixed: Mapping[str, Any]
) -> frozenset[str]:
    """Nets from scratch that the space trains as a whole."""
    own = own_sizes(names)
    context = widest_context(names, asked.train_size or DEFAULT_TRAIN, asked, own, fixed)
    try:
        return decided(space, context, asked.model_dump(mode="json"), fixed).trained_whole
    except UsageError:
        return frozenset(own)  # what is wrong is told once the data is known


def widest_context(
    backbones: tuple[str, ...],
    train_size: int,
    asked: TrialConfig,
    own: dict[str, int],
    fixed: Mapping[str, Any],
) -> SpaceContext:
    """Where every input size is allowed that a person has not ruled out."""
    everything = asked.model_dump(mode="json")
    ruled_out = "input_size" in fixed or asked.input_size is not None
    sizes = () if ruled_out else ANY_SIZES
    return SpaceContext(backbones, sizes, train_size, everything, own)
