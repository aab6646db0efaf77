"""`plan_search`: every decision of a search, made before anything runs."""

from __future__ import annotations

import time
from pathlib import Path

from orchestrator.plan.continuing import plan_continuation
from orchestrator.plan.provenance import git_commit, versions
from orchestrator.plan.settling import Settled, settle
from orchestrator.plan.value import SearchPlan
from orchestrator.request import SearchRequest
from orchestrator.say import Say, silent
from orchestrator.study.names import check_study_name, new_study_name
from orchestrator.study.spec import ObjectiveSpec, StudySpec
from orchestrator.study.store import open_storage, study_names
from orchestrator.study.uris import masked, storage_uri, tracking_uri
from search_spaces.errors import UnavailableError
from search_spaces.finding import find_space
from search_spaces.space import Space


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
    settled = settle(request, space, say)
    _check_folder(folder)
    spec = _spec(request, space, settled, name=name, folder=folder, created=created)
    return SearchPlan(
        request=request,
        space=space,
        spec=spec,
        resources=settled.resources,
        storage=storage,
        tracking_uri=tracking_uri(request.tracking_uri),
        to_fetch=settled.found.to_fetch,
        estimate=settled.sizing.estimate,
        time_budget=request.time_budget,
    )


def _spec(
    request: SearchRequest,
    space: Space,
    settled: Settled,
    *,
    name: str,
    folder: Path,
    created: float,
) -> StudySpec:
    asked, split = settled.asked, settled.split
    return StudySpec(
        name=name,
        space=space.name,
        space_source=_space_source(request.space),
        space_version=space.version,
        space_question=space.question,
        objectives=tuple(
            ObjectiveSpec(metric=item.metric, direction=item.direction)  # type: ignore[arg-type]
            for item in space.objectives
        ),
        base_config=settled.base,
        fixed={key: settled.base.get(key) for key in settled.fixed},
        trials=settled.work.trials,
        seed=asked.seed,
        data=split.data,
        split=split.spec,
        backbones=settled.found.tried,
        left_out=settled.found.left_out,
        input_sizes=settled.sizes,
        input_size_reason=settled.sizing.reason,
        attack={"name": asked.attack, "eps_255": asked.eps_255, "images": split.spec.robust},
        plan_seconds=settled.sizing.estimate.total,
        resources=vars(settled.resources),
        folder=folder,
        tracking_uri=masked(tracking_uri(request.tracking_uri)),
        experiment=request.experiment,
        keep_models=request.keep_models,
        created=created,
        git_commit=git_commit(),
        versions=versions(),
    )


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
