"""Nets without their classifiers, pretrained or to be trained from scratch, and loading them.

`load_body` and `Body` import torch when they are first asked for; nothing else here does.
"""

from typing import TYPE_CHECKING, Any

from trainables.backbones.errors import WeightsRefused, WeightsUnavailable
from trainables.backbones.hub import hub_reachable
from trainables.backbones.listing import BackboneRow, list_backbones
from trainables.backbones.options import check_options, feature_count, random_digest
from trainables.backbones.registry import (
    BACKBONES,
    check_input_size,
    get_backbone,
    pretrained_backbones,
)
from trainables.backbones.spec import Backbone
from trainables.backbones.weights import WeightsFile, find_weights, weights_here

if TYPE_CHECKING:
    from trainables.backbones.load import Body, FrozenBody, load_body

__all__ = [
    "BACKBONES",
    "Backbone",
    "BackboneRow",
    "Body",
    "FrozenBody",
    "WeightsFile",
    "WeightsRefused",
    "WeightsUnavailable",
    "check_input_size",
    "check_options",
    "feature_count",
    "find_weights",
    "get_backbone",
    "hub_reachable",
    "list_backbones",
    "load_body",
    "pretrained_backbones",
    "random_digest",
    "weights_here",
]

_LAZY = {
    "Body": "load",
    "FrozenBody": "load",
    "load_body": "load",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
