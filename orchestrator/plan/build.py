"""`plan_search`: every decision of a search, made before anything runs."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from orchestrator.plan.candidates import Candidates, choose_backbones
from orchestrator.plan.continuing import plan_continuation
from orchestrator.plan.provenance import git_commit, versions
from orchestrator.plan.resources import find_resources
from orchestrator.plan.sizing import (
    DEFAULT_SECONDS,
    Sizing,
    Workload,
    choose_sizes,
    fixed_size,
    measured_rate,
)
from orchestrator.plan.splitting import Split, load_split
from orchestrator.plan.value import Resources, SearchPlan
from orchestrator.request import SearchRequest
from orchestrator.say import Say, silent
from orchestrator.settings import make_config, parse_settings
from orchestrator.study.names import check_study_name, new_study_name
from orchestrator.study.spec import ObjectiveSpec, StudySpec
from orchestrator.study.store import open_storage, study_names
from orchestrator.study.uris import masked, storage_uri, tracking_uri
from search_spaces.errors import UnavailableError, UsageError
from search_spaces.exploring import Parameter, check_params, parameters
from search_spaces.finding import find_space
from search_spaces.space import Space, SpaceContext
from trainables.backbones import check_input_size
from trainables.config import TrialConfig


def plan_search(request: SearchRequest, say: Say = silent) -> SearchPlan:
    """Decide everything about a search; nothing is run, downloaded or written but the storage.

    Args:
        say: is given a line whenever something takes a moment.

    Raises:
        UsageError: something that was asked for cannot be.
        UnavailableError: something that is needed cannot be had here.
    """
    space = find_space(request.space)
    storage = storage_uri(request.storage)
    if request.study and request.study in study_names(open_storage(storage)):
        return plan_continuation(request, space, storage)
    return _plan_new(request, space, storage, say)


def _plan_new(request: SearchRequest, space: Space, storage: str, say: Say) -> SearchPlan:
    created = time.time()
    name = check_study_name(request.study or new_study_name(space.name, created))
    folder = (request.checkpoints or Path(".orchestrator")).expanduser().absolute() / name
    fixed = parse_settings(request.settings)
    asked = make_config({**asked_fields(request), **fixed})
    resources = find_resources(request)
    found = _candidates(request, space, asked)
    say(f"reading {asked.data}")
    split = load_split(asked, gpu=resources.gpus > 0, say=say)
    names = _parameter_names(space, found, split, asked)
    trials = _trials(request, space, found)
    work = _workload(asked, split, trials)
    sizing = _sizing(found, work, resources, request, fixed, say)
    searched = "input_size" in names and "input_size" not in fixed
    sizes = sizing.sizes if searched else ()
    base = _base_config(asked, fixed, split, sizing, searched, work, resources)
    context = SpaceContext(
        found.tried, sizes, split.spec.train, make_config(base).model_dump(mode="json")
    )
    _check_fixed(parameters(space, context), fixed)
    spec = StudySpec(
        name=name,
        space=space.name,
        space_source=_space_source(request.space),
        space_version=space.version,
        space_question=space.question,
        objectives=tuple(
            ObjectiveSpec(metric=item.metric, direction=item.direction)  # type: ignore[arg-type]
            for item in space.objectives
        ),
        base_config=base,
        fixed={key: base.get(key) for key in fixed},
        trials=trials,
        seed=asked.seed,
        data=split.data,
        split=split.spec,
        backbones=found.tried,
        left_out=found.left_out,
        input_sizes=sizes,
        input_size_reason=sizing.reason,
        attack={"name": asked.attack, "eps_255": asked.eps_255, "images": split.spec.robust},
        plan_seconds=sizing.estimate.total,
        resources=vars(resources),
        folder=folder,
        tracking_uri=masked(tracking_uri(request.tracking_uri)),
        experiment=request.experiment,
        keep_models=request.keep_models,
        created=created,
        git_commit=git_commit(),
        versions=versions(),
    )
    _check_folder(folder)
    return SearchPlan(
        request=request,
        space=space,
        spec=spec,
        resources=resources,
        storage=storage,
        tracking_uri=tracking_uri(request.tracking_uri),
        to_fetch=found.to_fetch,
        estimate=sizing.estimate,
        time_budget=request.time_budget,
    )


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


def study_context(spec: StudySpec) -> SpaceContext:
    """What the space may know of a study, from what the study holds."""
    defaults = make_config(spec.base_config).model_dump(mode="json")
    return SpaceContext(spec.backbones, spec.input_sizes, spec.split.train, defaults)


def _candidates(request: SearchRequest, space: Space, asked: TrialConfig) -> Candidates:
    chosen = request.backbones
    if "backbone" in parse_settings(request.settings) or not space.compares_backbones:
        if chosen is not None and chosen != (asked.backbone,):
            rule = "--backbones and --set backbone=... must not contradict each other."
            raise UsageError(rule, got=",".join(chosen))
        chosen = (asked.backbone,)
    return choose_backbones(chosen, weights=asked.weights, weights_dir=asked.weights_dir)


def _parameter_names(
    space: Space, found: Candidates, split: Split, asked: TrialConfig
) -> dict[str, Parameter]:
    """The space's parameters where every input size is allowed."""
    everything = asked.model_dump(mode="json")
    return parameters(space, SpaceContext(found.tried, (224,), split.spec.train, everything))


def _trials(request: SearchRequest, space: Space, found: Candidates) -> int:
    if request.trials is not None:
        if request.trials < 1:
            raise UsageError("--trials must be at least 1.", got=request.trials)
        return request.trials
    return 2 * len(found.tried) if space.compares_backbones else 12


def _workload(asked: TrialConfig, split: Split, trials: int) -> Workload:
    from trainables.device import resolve_device
    from trainables.features import settle_precision

    device = resolve_device(asked.device)
    return Workload(
        extract=split.spec.train + split.spec.val,
        attack=split.spec.robust if asked.attack != "none" else 0,
        trials=trials,
        precision=settle_precision(asked.precision, device),
        device=device,
    )


def _sizing(
    found: Candidates,
    work: Workload,
    resources: Resources,
    request: SearchRequest,
    fixed: dict[str, Any],
    say: Say,
) -> Sizing:
    rate = measured_rate(work, resources, say)
    if fixed.get("input_size") is not None:
        for backbone in found.tried:
            check_input_size(backbone, fixed["input_size"])
        return fixed_size(fixed["input_size"], found.tried, work, resources, rate)
    seconds = request.time_budget or DEFAULT_SECONDS
    return choose_sizes(found.tried, work, resources, rate, seconds)


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
    if not searched:
        changes["input_size"] = fixed.get("input_size") or sizing.sizes[-1]
    return asked.replace(**changes).model_dump(mode="json")


def _check_fixed(known: dict[str, Parameter], fixed: dict[str, Any]) -> None:
    searched = {key: value for key, value in fixed.items() if key in known}
    check_params(known, searched)


def _space_source(asked: str) -> str:
    return str(Path(asked).absolute()) if asked.endswith(".py") or "/" in asked else asked


def _check_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        hint = "Work in a folder that can be written to, or name one with --checkpoints."
        raise UnavailableError(
            f"The folder for trials {folder}", [("mkdir", str(error))], hint=hint
        ) from None
