"""Looks up and measures everything that a new study is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from orchestrator.plan.candidates import Candidates, choose_backbones
from orchestrator.plan.estimating import Workload, measured_rate
from orchestrator.plan.recipes import check_recipes
from orchestrator.plan.resources import find_resources
from orchestrator.plan.searching import trials_wanted
from orchestrator.plan.sizing import DEFAULT_SECONDS, Sizing, choose_sizes, fixed_size
from orchestrator.plan.splitting import Split, load_split
from orchestrator.plan.value import Resources
from orchestrator.request import SearchRequest
from orchestrator.say import Say
from orchestrator.settings import make_config, parse_settings
from orchestrator.study.context import own_sizes
from search_spaces.errors import UsageError
from search_spaces.exploring import Parameter, check_params, parameters
from search_spaces.space import Space, SpaceContext
from trainables.backbones import check_input_size
from trainables.config import TrialConfig
from trainables.device import resolve_device
from trainables.features import settle_precision


@dataclass(frozen=True)
class Settled:
    """What a new study is made of, once everything is looked up and measured.

    Args:
        asked: the config as the request has it, sizes unresolved.
        fixed: what `--set` fixed.
        base: what all trials share, resolved, as JSON.
        sizes: input sizes for the space to choose among; empty where `base` says it.
        context: what the space may know.
    """

    asked: TrialConfig
    fixed: dict[str, Any]
    resources: Resources
    found: Candidates
    split: Split
    work: Workload
    sizing: Sizing
    base: dict[str, Any]
    sizes: tuple[int, ...]
    context: SpaceContext


def settle(request: SearchRequest, space: Space, say: Say) -> Settled:
    """Load the data, find the backbones, measure their speed, and settle the shared config.

    Raises:
        UsageError: something that was asked for cannot be.
        UnavailableError: data or weights cannot be had here.
    """
    fixed = parse_settings(request.settings)
    asked = make_config({**asked_fields(request), **fixed})
    resources = find_resources(request)
    found = _candidates(request, space, asked)
    say(f"reading {asked.data}")
    split = load_split(asked, gpu=resources.gpus > 0, say=say)
    own = {} if fixed.get("input_size") is not None else own_sizes(found.tried)
    widest = _widest_context(found, split, asked, own, fixed)
    names = parameters(space, widest)
    _check_fixed(names, fixed)
    check_recipes(space, widest, widest.defaults, fixed)
    work = _workload(asked, split, _trials(request, space, found))
    sizing = _sizing(found, work, resources, request, fixed, own, say)
    searched = "input_size" in names and "input_size" not in fixed
    base = _base_config(asked, fixed, split, sizing, searched, work, resources)
    sizes = sizing.sizes if searched else ()
    defaults = make_config(base).model_dump(mode="json")
    context = SpaceContext(found.tried, sizes, split.spec.train, defaults, own)
    return Settled(asked, fixed, resources, found, split, work, sizing, base, sizes, context)


def asked_fields(request: SearchRequest) -> dict[str, Any]:
    """The fields of TrialConfig that options other than `--set` name, unresolved."""
    named: dict[str, Any] = {
        "data": request.data,
        "data_dir": request.data_dir,
        "image_size": request.image_size,
        "train_size": request.train_size,
        "val_size": request.val_size,
        "robust_size": request.robust_size,
        "weights": request.weights,
        "weights_dir": request.weights_dir,
        "seed": request.seed,
        "split_seed": request.seed,
        "cache_limit_gb": request.cache_limit_gb,
    }
    return {key: value for key, value in named.items() if value is not None}


def _candidates(request: SearchRequest, space: Space, asked: TrialConfig) -> Candidates:
    chosen = request.backbones
    if "backbone" in parse_settings(request.settings) or not space.compares_backbones:
        if chosen is not None and chosen != (asked.backbone,):
            rule = "--backbones and --set backbone=... must not contradict each other."
            raise UsageError(rule, got=",".join(chosen))
        chosen = (asked.backbone,)
    return choose_backbones(
        chosen, weights=asked.weights, weights_dir=asked.weights_dir, tune=asked.tune
    )


def _widest_context(
    found: Candidates,
    split: Split,
    asked: TrialConfig,
    own: dict[str, int],
    fixed: dict[str, Any],
) -> SpaceContext:
    """Where every input size is allowed that a person has not ruled out."""
    everything = asked.model_dump(mode="json")
    sizes = () if "input_size" in fixed else (224,)
    return SpaceContext(found.tried, sizes, split.spec.train, everything, own)


def _trials(request: SearchRequest, space: Space, found: Candidates) -> int:
    return trials_wanted(request, 2 * len(found.tried) if space.compares_backbones else 12)


def _workload(asked: TrialConfig, split: Split, trials: int) -> Workload:
    device = resolve_device(asked.device)
    return Workload(
        train=split.spec.train,
        val=split.spec.val,
        attack=split.spec.robust if asked.attack != "none" else 0,
        trials=trials,
        precision=settle_precision(asked.precision, device),
        device=device,
        recipe=asked,
    )


def _sizing(
    found: Candidates,
    work: Workload,
    resources: Resources,
    request: SearchRequest,
    fixed: dict[str, Any],
    own: dict[str, int],
    say: Say,
) -> Sizing:
    rate = measured_rate(work, resources, say)
    if fixed.get("input_size") is not None:
        for backbone in found.tried:
            check_input_size(backbone, fixed["input_size"])
        return fixed_size(fixed["input_size"], found.tried, work, resources, rate)
    seconds = request.time_budget or DEFAULT_SECONDS
    return choose_sizes(found.tried, work, resources, rate, seconds, own)


def _base_config(
    asked: TrialConfig,
    fixed: dict[str, Any],
    split: Split,
    sizing: Sizing,
    searched: bool,
    work: Workload,
    resources: Resources,
) -> dict[str, Any]:
    """What all trials share, resolved, as JSON."""
    changes: dict[str, Any] = {
        "data": split.data.name,  # absolute, so that it means the same wherever a trial runs
        "train_size": split.spec.train,
        "val_size": split.spec.val,
        "robust_size": split.spec.robust,
        "precision": work.precision,
        "threads": asked.threads or max(1, int(resources.cpus_per_trial)),
    }
    if not searched and (fixed.get("input_size") or sizing.sizes):
        changes["input_size"] = fixed.get("input_size") or sizing.sizes[-1]
    return asked.replace(**changes).model_dump(mode="json")


def _check_fixed(known: dict[str, Parameter], fixed: dict[str, Any]) -> None:
    searched = {key: value for key, value in fixed.items() if key in known}
    check_params(known, searched)
