"""One session of a search: from its plan to its result, with everything it starts stopped again."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

import optuna

from orchestrator.board import Board
from orchestrator.plan.build import plan_search
from orchestrator.plan.value import SearchPlan
from orchestrator.results import SearchResult
from orchestrator.run.interrupt import graceful_interrupt
from orchestrator.run.weights import fetch_weights
from orchestrator.say import Say, silent
from orchestrator.stop import StopRequest
from orchestrator.study.budget import Budget
from orchestrator.study.claims import is_shared, turn, turn_at
from orchestrator.study.conductor import Conductor
from orchestrator.study.context import study_context
from orchestrator.study.drivers import Heartbeat
from orchestrator.study.filling import fill
from orchestrator.study.lock import driver_lock
from orchestrator.study.queue import enqueue, retry_failed
from orchestrator.study.reading import board_rows, read_trials
from orchestrator.study.sampling import sampler_of, stopper_of
from orchestrator.study.spec import StudySpec
from orchestrator.study.stopping import heeding
from orchestrator.study.store import NameTaken, create_study, load_study, open_storage, write_spec
from orchestrator.study.uris import masked
from orchestrator.tracking.process import Tracker
from orchestrator.tracking.result import SyncResult

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
    try:
        return _run_session(plan, board or make_board(plan), stop or StopRequest(), say)
    except NameTaken:
        if plan.request.study is None:
            raise
        # Another driver made the study since we planned it: join, if all choices agree.
        again = plan_search(plan.request, say)
        return _run_session(again, board or make_board(again), stop or StopRequest(), say)


def _run_session(plan: SearchPlan, board: Board, stop: StopRequest, say: Say) -> SearchResult:
    began = time.time()
    with graceful_interrupt(stop), _alone(plan):
        board.say("fetching weights" if plan.to_fetch else "starting")
        spec = fetch_weights(plan, say) if _fetches(plan) else plan.spec
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


def _alone(plan: SearchPlan) -> AbstractContextManager[None]:
    """One driver a study, but where its database can tell several of them apart."""
    if plan.storage.startswith("postgresql"):
        plan.spec.folder.mkdir(parents=True, exist_ok=True)
        return nullcontext()
    return driver_lock(plan.spec.folder, plan.spec.name)


def _fetches(plan: SearchPlan) -> bool:
    return not plan.continuing and plan.spec.has_images


def _open(plan: SearchPlan, spec: StudySpec) -> optuna.Study:
    storage = open_storage(plan.storage)
    if plan.continuing:
        study = load_study(storage, spec.name)
        write_spec(study, spec)
    else:
        with turn_at(storage, spec.name):
            study = create_study(storage, spec)
    context = study_context(spec)
    with turn(study):
        fill(study, spec, plan.space, context)
        for params in plan.tries:
            enqueue(study, params, "try")
        if plan.retry_failed:
            retry_failed(study)
    return load_study(storage, spec.name, sampler_of(spec, plan.space, context))


def _run_trials(
    plan: SearchPlan, spec: StudySpec, study: optuna.Study, board: Board, stop: StopRequest
) -> str:
    """Run trials until there is a reason not to, and give that reason; "" when all are done."""
    heartbeat = Heartbeat(study).start() if is_shared(study) else None
    try:
        conductor = make_conductor(plan, spec, study, board, stop, heartbeat)
        board.adopt(board_rows(read_trials(study)))
        conductor.adopt()
        if conductor.ending() is None:
            with heeding(study, stop):
                _run_somewhere(plan, conductor, board)
        return conductor.ending() or ""
    finally:
        if heartbeat is not None:
            heartbeat.stop()


def _run_somewhere(plan: SearchPlan, conductor: Conductor, board: Board) -> None:
    if plan.resources.local:
        from orchestrator.run.local import run_locally

        run_locally(conductor)
    else:
        _run_on_ray(plan, conductor, board)


def make_conductor(
    plan: SearchPlan,
    spec: StudySpec,
    study: optuna.Study,
    board: Board,
    stop: StopRequest,
    heartbeat: Heartbeat | None = None,
) -> Conductor:
    """The conductor of one session of this plan."""
    deadline = time.time() + plan.time_budget if plan.time_budget else None
    budget = Budget(spec.trials, deadline, spec.target, spec.max_failures)
    return Conductor(
        study,
        spec,
        plan.space,
        study_context(spec),
        board=board,
        stop=stop,
        budget=budget,
        stopper=stopper_of(study, spec),
        heartbeat=heartbeat,
    )


def _run_on_ray(plan: SearchPlan, conductor: Conductor, board: Board) -> None:
    from orchestrator.run.cluster import cluster

    board.say("starting Ray")
    resources = plan.resources
    with cluster(resources.address, cpus=int(resources.cpus), gpus=resources.gpus or None):
        from orchestrator.run.on_ray import run_on_ray

        board.say("")
        run_on_ray(
            conductor,
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
