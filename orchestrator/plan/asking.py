"""Which fields of a trial's config a search names: those of the space, of the options, of `--set`.

The order in which they win is said in `search_spaces.Space`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.request import SearchRequest
from search_spaces.errors import UsageError
from search_spaces.space import Space
from trainables.attacks import NO_ATTACK
from trainables.folds import SPLIT, as_typed


def asked_fields(request: SearchRequest) -> dict[str, Any]:
    """The fields of TrialConfig that options other than `--set` name, unresolved."""
    named: dict[str, Any] = {
        "data": request.data,
        "data_dir": request.data_dir,
        "image_size": request.image_size,
        "train_size": request.train_size,
        "val_size": request.val_size,
        "robust_size": request.robust_size,
        "validation": request.validation,
        "weights": request.weights,
        "weights_dir": request.weights_dir,
        "seed": request.seed,
        "split_seed": request.seed,
        "cache_limit_gb": request.cache_limit_gb,
    }
    return {key: value for key, value in named.items() if value is not None}


def named_fields(request: SearchRequest, space: Space, fixed: Mapping[str, Any]) -> dict[str, Any]:
    """Every field that somebody names, with the value that wins.

    Args:
        fixed: what `--set` fixed.

    Raises:
        UsageError: an option that would leave the space's question empty.
    """
    options = {**asked_fields(request), **_one_backbone(request, space, fixed)}
    _check_question(space, {**options, **fixed}, fixed)
    named = {**space.defaults, **options, **space.fixed, **fixed}
    if "validation" in named:
        named["validation"] = as_typed(str(named["validation"]))
        if named["validation"] != SPLIT and "attack" not in {*options, *space.fixed, *fixed}:
            named["attack"] = NO_ATTACK  # every labelled image is trained on in the end
    return named


def _check_question(space: Space, asked: Mapping[str, Any], fixed: Mapping[str, Any]) -> None:
    for name, value in space.fixed.items():
        if name in asked and asked[name] != value:
            rule = f"{space.name} asks about trials with {name}={value}, and about no others."
            hint = f"Leave {name} out, or search another space: orchestrator spaces lists them."
            raise UsageError(rule, got=f"{name}={asked[name]}", hint=hint)
    for name in space.about:
        if name in fixed:
            rule = f"{space.name} asks about {name}, which --set must not fix."
            hint = f"Try a value of it first: --try {name}={fixed[name]}."
            raise UsageError(rule, got=f"{name}={fixed[name]}", hint=hint)


def _one_backbone(request: SearchRequest, space: Space, fixed: Mapping[str, Any]) -> dict[str, Any]:
    """The backbone that `--backbones` names for a space that does not compare them."""
    if request.backbones is None or space.compares_backbones:
        return {}
    if len(request.backbones) != 1:
        rule = f"{space.name} does not compare backbones, so --backbones names one."
        raise UsageError(rule, got=",".join(request.backbones))
    (name,) = request.backbones
    if fixed.get("backbone", name) != name:
        raise UsageError(CONTRADICTION, got=name)
    return {"backbone": name}


CONTRADICTION = "--backbones and --set backbone=... must not contradict each other."
