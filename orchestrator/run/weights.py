"""Fetches the weights of a search's backbones before its first trial, once for all of them."""

from __future__ import annotations

from collections.abc import Callable

from orchestrator.plan.candidates import nothing_left
from orchestrator.plan.value import SearchPlan
from orchestrator.study.spec import LeftOut, StudySpec
from trainables.backbones import WeightsUnavailable, find_weights, get_backbone


def fetch_weights(plan: SearchPlan, say: Callable[[str], None]) -> StudySpec:
    """The plan's spec with the digests of all weights; what did not come is left out by name.

    Nets that are trained from scratch have no weights to fetch, and stay.

    Raises:
        UnavailableError: none is left.
    """
    spec = plan.spec
    if spec.base_config.get("weights") == "random":
        return spec
    folder = plan.request.weights_dir
    digests: dict[str, str] = {}
    left_out: list[LeftOut] = list(spec.left_out)
    scratch = {name for name in spec.backbones if not get_backbone(name).pretrained}
    for name in spec.backbones:
        if name in scratch:
            continue
        try:
            digests[name] = find_weights(name, weights_dir=folder, progress=say).digest
        except WeightsUnavailable as error:
            say(f"{name} is left out: {error.reason}")
            left_out.append(LeftOut(backbone=name, reason=error.reason))
    kept = tuple(name for name in spec.backbones if name in digests or name in scratch)
    if not kept:
        raise nothing_left(left_out)
    return spec.model_copy(
        update={
            "backbones": kept,
            "weights_digests": digests,
            "left_out": tuple(left_out),
        }
    )
