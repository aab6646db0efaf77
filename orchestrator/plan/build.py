"""`plan_search`: every decision of a search, made before anything runs."""

from __future__ import annotations

import time
from pathlib import Path

from orchestrator.plan.continuing import plan_continuation
from orchestrator.plan.folded_goals import check_goals
from orchestrator.plan.ground import Ground, find_ground
from orchestrator.plan.provenance import git_commit, versions
from orchestrator.plan.searching import search_choices
from orchestrator.plan.value import SearchPlan
from orchestrator.request import SearchRequest
from orchestrator.say import Say, silent
from orchestrator.study.names import check_study_name, new_study_name
from orchestrator.study.spec import StudySpec
from orchestrator.study.store import is_made, load_study, open_storage, read_spec
from orchestrator.study.uris import masked, storage_uri, tracking_uri
from orchestrator.study.warm_start import check_warm_start
from search_spaces.errors import UnavailableError, UsageError
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
    if request.study and is_made(open_storage(storage), request.study):
        return plan_continuation(request, space, storage)
    return _plan_new(request, space, storage, say)


def _plan_new(request: SearchRequest, space: Space, storage: str, say: Say) -> SearchPlan:
    if request.add_trials or request.retry_failed:
        option = "--add-trials" if request.add_trials else "--retry-failed"
        rule = f"{option} is for a study that exists."
        raise UsageError(rule, got=request.study, hint="orchestrator list shows those there are.")
    created = time.time()
    name = check_study_name(request.study or new_study_name(space.name, created))
    folder = (request.checkpoints or Path(".orchestrator")).expanduser().absolute() / name
    ground = find_ground(request, space, say)
    spec = _spec(request, space, ground, name=name, folder=folder, created=created)
    _check_warm_start(spec, storage)
    _check_folder(folder)
    return SearchPlan(
        request=request,
        space=space,
        spec=spec,
        resources=ground.resources,
        storage=storage,
        tracking_uri=tracking_uri(request.tracking_uri),
        to_fetch=ground.to_fetch,
        estimate=ground.estimate,
        time_budget=request.time_budget,
    )


def _spec(
    request: SearchRequest,
    space: Space,
    ground: Ground,
    *,
    name: str,
    folder: Path,
    created: float,
) -> StudySpec:
    choices = search_choices(
        request,
        space,
        ground.context,
        ours=ground.ours,
        trials=ground.trials,
        seed=ground.seed,
        fixed=ground.fixed,
    )
    if ground.ours:
        target = (choices["target"],) if choices["target"] else ()
        goals = (*choices["objectives"], *choices["constraints"], *target)
        check_goals(goals, ground.fields["split"].validation)
    return StudySpec(
        name=name,
        space=space.name,
        space_source=_space_source(request.space),
        space_version=space.version,
        space_question=space.question,
        **ground.fields,
        **choices,
        fixed=ground.fixed,
        trials=ground.trials,
        seed=ground.seed,
        resources=vars(ground.resources),
        folder=folder,
        tracking_uri=masked(tracking_uri(request.tracking_uri)),
        experiment=request.experiment,
        keep_models=request.keep_models if ground.ours else 0,
        trainable=ground.trainable,
        trainable_path=ground.trainable_path,
        created=created,
        git_commit=git_commit(),
        versions=versions(),
    )


def _check_warm_start(spec: StudySpec, storage: str) -> None:
    opened = open_storage(storage) if spec.warm_start else None
    for name in spec.warm_start:
        assert opened is not None
        check_warm_start(read_spec(load_study(opened, name)), spec)


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
