"""Looks up and measures everything that a new study is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from orchestrator.plan.asking import asked_fields, named_fields
from orchestrator.plan.candidates import Candidates
from orchestrator.plan.corrupting import with_corruptions
from orchestrator.plan.estimating import Workload, measured_rate
from orchestrator.plan.finding_backbones import ANY_SIZES, find_backbones, widest_context
from orchestrator.plan.labels import labels_of_draws, with_labels
from orchestrator.plan.likely import likely_points
from orchestrator.plan.pool import check_teacher
from orchestrator.plan.recipes import check_recipes
from orchestrator.plan.resources import find_resources
from orchestrator.plan.searching import default_trials, trials_wanted
from orchestrator.plan.shared import decided, shared_fields
from orchestrator.plan.sizing import (
    DEFAULT_SECONDS,
    LEEWAY,
    Sizing,
    choose_sizes,
    every_size,
    fixed_size,
)
from orchestrator.plan.splitting import Split, load_split
from orchestrator.plan.value import Resources
from orchestrator.request import SearchRequest
from orchestrator.say import Say
from orchestrator.settings import make_config, parse_settings
from orchestrator.study.context import own_sizes
from orchestrator.study.spec import SplitSpec
from search_spaces.exploring import check_fixed, parameters
from search_spaces.space import Space, SpaceContext
from trainables.attacks import AUTO_ATTACK, NO_ATTACK
from trainables.attacks.epsilons import check_epsilons
from trainables.backbones import check_input_size
from trainables.compiling import check_compiler
from trainables.config import TrialConfig
from trainables.data import load
from trainables.device import resolve_device
from trainables.features import settle_precision
from trainables.weak import weak_as_typed

__all__ = ["Settled", "asked_fields", "settle"]


@dataclass(frozen=True)
class Settled:
    """What a new study is made of, once everything is looked up and measured.

    Args:
        asked: the config as space and request have it, sizes unresolved.
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
    named = named_fields(request, space, fixed)
    asked = with_corruptions(_with_attack(make_config(named)), request, space, named)
    asked = asked.replace(weak=weak_as_typed(asked.weak))
    check_teacher(asked)
    if asked.compile:
        check_compiler()
    resources = find_resources(request)
    found = find_backbones(request, space, asked, fixed)
    say(f"reading {asked.data}")
    data = load(asked.data, data_dir=asked.data_dir, image_size=asked.image_size, progress=say)
    asked = with_labels(asked, space, {**asked_fields(request), **fixed}, data)
    split = load_split(asked, gpu=resources.gpus > 0, say=say)
    own = own_sizes(found.tried)
    widest = widest_context(found.tried, split.spec.train, asked, own, fixed)
    names = parameters(space, widest)
    check_fixed(names, fixed)
    drawn = names.get("split_seed") if "split_seed" not in fixed else None
    split = replace(split, spec=_with_labels(split, labels_of_draws(asked, data, drawn)))
    given = decided(space, widest, asked.model_dump(mode="json"), fixed).fields
    unsettled = shared_fields(asked, named, given)
    check_recipes(space, widest, unsettled, fixed)
    searched = "input_size" in names and "input_size" not in fixed
    points = likely_points(
        space, unsettled, fixed, own, train_size=split.spec.train, searched=searched
    )
    work = replace(_workload(asked, split), points=points)

    def context(sizes: tuple[int, ...], base: Mapping[str, Any]) -> SpaceContext:
        defaults = make_config(dict(base)).model_dump(mode="json")
        offered = sizes if searched else ()
        return SpaceContext(found.tried, offered, split.spec.train, defaults, own)

    def counted(sizes: tuple[int, ...]) -> Workload:
        otherwise = default_trials(space, context(sizes, unsettled), fixed)
        return replace(work, trials=trials_wanted(request, otherwise))

    sizing = _sizing(
        space, found, counted, resources, request, asked.input_size, own, data.image_size, say
    )
    work = counted(sizing.sizes)
    settled = asked.replace(**_settled_fields(asked, split, sizing, searched, work, resources))
    base = shared_fields(settled, named, given)
    sizes = sizing.sizes if searched else ()
    return Settled(
        asked, fixed, resources, found, split, work, sizing, base, sizes, context(sizes, base)
    )


def _with_attack(asked: TrialConfig) -> TrialConfig:
    """With the attack in the one way of writing it; a wrong one is told before anything is done."""
    check_epsilons(asked.eps_255)
    if asked.attack == NO_ATTACK and asked.second_attack in (NO_ATTACK, AUTO_ATTACK):
        return asked
    from trainables.attacks.making import attack_as_typed  # imports torch
    from trainables.attacks.second import second_as_typed

    second = second_as_typed(asked.second_attack, asked.attack)
    return asked.replace(attack=attack_as_typed(asked.attack), second_attack=second)


def _with_labels(split: Split, labels: int) -> SplitSpec:
    return split.spec.model_copy(update={"labels_used": labels})


def _workload(asked: TrialConfig, split: Split) -> Workload:
    device = resolve_device(asked.device)
    return Workload(
        train=split.spec.train,
        val=split.spec.val,
        attack=split.spec.robust,
        trials=1,
        precision=settle_precision(asked.precision, device),
        device=device,
        recipe=asked,
        images=split.spec.train + split.spec.pool,
    )


def _sizing(
    space: Space,
    found: Candidates,
    counted: Callable[[tuple[int, ...]], Workload],
    resources: Resources,
    request: SearchRequest,
    asked: int | None,
    own: dict[str, int],
    image_size: int,
    say: Say,
) -> Sizing:
    work = counted(ANY_SIZES)
    rate = measured_rate(work, resources, say)
    seconds = request.time_budget or DEFAULT_SECONDS
    if asked is not None:
        for backbone in found.tried:
            check_input_size(backbone, asked)
        return fixed_size(asked, found.tried, work, resources, rate)
    if space.compares_sizes:
        return every_size(found.tried, counted, resources, rate, seconds, own, image_size)
    leeway = LEEWAY if request.time_budget is None else 1.0
    return choose_sizes(found.tried, work, resources, rate, seconds, own, leeway)


def _settled_fields(
    asked: TrialConfig,
    split: Split,
    sizing: Sizing,
    searched: bool,
    work: Workload,
    resources: Resources,
) -> dict[str, Any]:
    """What measuring has settled of what all trials share."""
    changes: dict[str, Any] = {
        "data": split.data.name,  # absolute, so that it means the same wherever a trial runs
        "train_size": split.spec.train,
        "val_size": split.spec.val or None,  # none where folds stand for it
        "robust_size": split.spec.robust or None,
        "precision": work.precision,
        "threads": asked.threads or max(1, int(resources.cpus_per_trial)),
    }
    if not searched and sizing.sizes:
        changes["input_size"] = sizing.sizes[-1]
    return changes
