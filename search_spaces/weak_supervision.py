"""What are unlabelled images worth, beside the same labels alone?

Methods at one budget of labels (`--train-size`), each on the same draws (`orchestrator compare
STUDY --by weak` says by how much they differ): a head on the features of a pretrained body learns
from pseudo-labels; a net that trains, from scratch or `--set tune=all`, from what it is sure of
(FixMatch). `none` is supervised training on the same labels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from search_spaces.backbone_choice import suggest_backbone
from search_spaces.space import Params, Space, SpaceContext, TrialLike

# Of the unlabelled images so many take part, since each goes through the body once.
_POOL = 10_000
METHODS = (
    "none",
    *(f"{name}:pool={_POOL}" for name in ("pseudo_label", "label_spreading", "cluster_then_label")),
)
NET_METHODS = ("none", f"fixmatch:pool={_POOL}")
DRAWS = 3


def suggest(trial: TrialLike, context: SpaceContext) -> Params:
    """A method, and which draw."""
    chosen = suggest_backbone(trial, context)
    name, methods = _methods(context, str(chosen["backbone"]))
    return {
        **chosen,
        **({"tune": "all"} if chosen["backbone"] in context.own_sizes else {}),
        "weak": trial.suggest_categorical(name, methods),
        "split_seed": trial.suggest_categorical("split_seed", _draws(context)),
    }


def baselines(context: SpaceContext) -> list[dict[str, Any]]:
    """The labels alone, which every method has to beat; then each method, on the first draw."""
    found = []
    for place in range(len(METHODS)):
        for backbone in context.backbones:
            name, methods = _methods(context, backbone)
            if place < len(methods):
                own = {"backbone": backbone} if len(context.backbones) > 1 else {}
                found.append({**own, name: methods[place], "split_seed": _draws(context)[0]})
    return found


def grid(context: SpaceContext) -> Mapping[str, Sequence[Any]]:
    """Every method on every draw."""
    names = {"backbone": context.backbones} if len(context.backbones) > 1 else {}
    methods = dict(_methods(context, backbone) for backbone in context.backbones)
    return {**names, **methods, "split_seed": _draws(context)}


def _methods(context: SpaceContext, backbone: str) -> tuple[str, tuple[str, ...]]:
    """The parameter, and its choices: a net that trains has no features to label by."""
    is_net = backbone in context.own_sizes or context.defaults["tune"] != "head"
    return ("weak.net", NET_METHODS) if is_net else ("weak", METHODS)


def _draws(context: SpaceContext) -> tuple[int, ...]:
    first = int(context.defaults["split_seed"])
    return tuple(range(first, first + DRAWS))


SPACE = Space(
    name="weak_supervision",
    question="What are unlabelled images worth, at one number of labels?",
    suggest=suggest,
    baselines=baselines,
    grid=grid,
    compares_backbones=True,
    defaults={"train_size": 100, "attack": "none"},
    about=("weak",),
    backbones=("tf_efficientnet_lite0",),
    sampler="grid",
)
