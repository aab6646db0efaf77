"""One session of a search: from its plan to its result, with everything it starts stopped again."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import optuna

from orchestrator.board import Board
from orchestrator.plan.value import SearchPlan
from orchestrator.results import SearchResult
from orchestrator.run.interrupt import graceful_interrupt
from orchestrator.run.weights import fetch_weights
from orchestrator.say import Say, silent
from orchestrator.stop import StopRequest
from orchestrator.study.conductor import Conductor
from orchestrator.study.context import study_context
from orchestrator.study.lock import driver_lock
from orchestrator.study.reading import board_rows, read_trials
from orchestrator.study.sampler import make_sampler
from orchestrator.study.spec import StudySpec
from orchestrator.study.store import create_study, load_study, open_storage, write_spec
from orchestrator.study.uris import masked
from orchestrator.tracking.process import Tracker
from orchestrator.tracking.result import SyncResult
from search_spaces.space import Space, SpaceContext

SENDING_SECONDS = 120.0  # to send what is left to MLflow once the last trial is done


def make_board(plan: SearchPlan) -> Board:
    """A board for a view to look at while `run_search(plan, board=...)` runs."""
    objective = plan.spec.objectives[0]
    return Board(
        plan.spec.name,
        total=plan.spec.trials,
        metric=objective.metric,
        maximize=objective.direction == "maximize",
        expected=plan.estimate.total if plan.estimate else None,
        concurrency=plan.resources.concurrency,
    )


def run_search(
    plan: SearchPlan,
    *,
    board: Board | None = None,
    stop: StopRequest | None = None,
    say: Say = silent,
) -> SearchResult:
    """Run what the plan says and return what the study holds then.

    In the main thread, Ctrl-C or SIGTERM ends it cleanly: running trials are given back to the
    study, and `SearchResult.stopped` says so.

    Raises:
        UsageError: the study has another driver, or its name was taken meanwhile.
        UnavailableError: no weights could be fetched, Ray cannot start, the database is away.
    """
    board = board or make_board(plan)
    stop = stop or StopRequest()
    began = time.time()
    with graceful_interrupt(stop), driver_lock(plan.spec.folder, plan.spec.name):
        board.say("fetching weights" if plan.to_fetch else "starting")
        spec = plan.spec if plan.continuing else fetch_weights(plan, say)
        study = _open(plan, spec)
        tracker = Tracker()
        tracker.start(plan.storage, spec.name, tracking_uri=plan.tracking_uri)
        try:
            ending = _run_trials(plan, spec, study, board, stop)
        finally:
            board.say("sending what is left to MLflow")
            sent = tracker.finish(SENDING_SECONDS if stop.reason is None else SENDING_SECONDS / 4)
            board.say("")
    return _result(plan, spec, study, sent, time.time() - began, ending)


def _open(plan: SearchPlan, spec: StudySpec) -> optuna.Study:
    storage = open_storage(plan.storage)
    if plan.continuing:
        study = load_study(storage, spec.name)
        write_spec(study, spec)
    else:
        study = create_study(storage, spec)
        _enqueue_baselines(study, spec, plan.space)
    count = len(study.get_trials(deepcopy=False))
    return load_study(storage, spec.name, make_sampler(spec.seed, count))


def _enqueue_baselines(study: optuna.Study, spec: StudySpec, space: Space) -> None:
    for params in space.baselines(study_context(spec)):
        free = {key: value for key, value in params.items() if key not in spec.fixed}
        study.enqueue_trial(free, user_attrs={"baseline": True}, skip_if_exists=True)


def _run_trials(
    plan: SearchPlan, spec: StudySpec, study: optuna.Study, board: Board, stop: StopRequest
) -> str:
    """Run trials until there is a reason not to, and give that reason; "" when all are done."""
    conductor = _conductor(plan, spec, study, board, stop)
    board.adopt(board_rows(read_trials(study)))
    conductor.adopt()
    if conductor.ending() is None:
        if plan.resources.local:
            from orchestrator.run.local import run_locally

            run_locally(conductor)
        else:
            _run_on_ray(plan, conductor, board, stop)
    return conductor.ending() or ""


def _conductor(
    plan: SearchPlan, spec: StudySpec, study: optuna.Study, board: Board, stop: StopRequest
) -> Conductor:
    context: SpaceContext = study_context(spec)
    deadline = time.time() + plan.time_budget if plan.time_budget else None
    return Conductor(study, spec, plan.space, context, board=board, stop=stop, deadline=deadline)


def _run_on_ray(plan: SearchPlan, conductor: Conductor, board: Board, stop: StopRequest) -> None:
    from orchestrator.run.cluster import cluster

    board.say("starting Ray")
    resources = plan.resources
    with cluster(resources.address, cpus=int(resources.cpus), gpus=resources.gpus or None):
        from orchestrator.run.on_ray import run_on_ray

        board.say("")
        run_on_ray(
            conductor,
            stop,
            plan.spec.folder,
            concurrency=resources.concurrency,
            cpus_per_trial=resources.cpus_per_trial,
            gpus_per_trial=resources.gpus_per_trial,
        )


def _result(
    plan: SearchPlan,
    spec: StudySpec,
    study: optuna.Study,
    sent: SyncResult,
    seconds: float,
    ending: str,
) -> SearchResult:
    shown: dict[str, Any] = {"spec": spec, "storage": masked(plan.storage)}
    result = SearchResult(
        **shown, results=read_trials(study, sent.run_ids), parent_run_id=sent.parent_run_id
    )
    return replace(result, seconds=seconds, stopped=ending, unsent=sent.unsent)
