"""`plan_comparison`: a study of repeats, made from a study that was searched."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import optuna

from orchestrator.comparing.arms import Chosen, choose_arms, untuned
from orchestrator.comparing.likeness import check_arms
from orchestrator.plan.build import plan_search
from orchestrator.plan.provenance import git_commit, versions
from orchestrator.plan.resources import find_resources
from orchestrator.plan.value import Resources, SearchPlan
from orchestrator.request import SearchRequest
from orchestrator.say import Say, silent
from orchestrator.study.configs import is_ours
from orchestrator.study.context import study_context
from orchestrator.study.facts import TrialFacts
from orchestrator.study.names import check_study_name
from orchestrator.study.reading import read_trials
from orchestrator.study.spec import ComparisonSpec, ObjectiveSpec, PrunerSpec, StudySpec
from orchestrator.study.store import is_made, load_study, newest_study, open_storage, read_spec
from orchestrator.study.uris import held_tracking_uri, storage_uri
from search_spaces.errors import UnknownNameError, UsageError
from search_spaces.exploring import parameters
from search_spaces.repeats import SPACE

LEAST_REPEATS = 2
_SEEDS = ("seed", "split_seed")


@dataclass(frozen=True)
class CompareRequest:
    """One call of `orchestrator compare`, or of `orchestrator.compare()`.

    Args:
        study: that was searched (default: the newest).
        by: a parameter of it that has a few values.
        tune: finished trials of each value that its best is chosen from; the search goes on until
            there are so many (default: as many as the value that was tried least has).
        repeats: runs of each arm, on fresh seeds and splits.
        metric: what is compared, `-` before one that is better when smaller (default: the first
            objective of the study).
        name: of the study of repeats (default: STUDY-by-BY).
        run: where trials run: `storage`, `cpus_per_trial`, `concurrency`, `address`, `local`, ...
    """

    study: str | None = None
    by: str = "backbone"
    tune: int | None = None
    repeats: int = 5
    metric: str | None = None
    name: str | None = None
    run: SearchRequest = field(default_factory=SearchRequest)


def plan_tuning(request: CompareRequest, say: Say = silent) -> SearchPlan | None:
    """The plan of what the search still owes some values of `by`; None where it owes nothing.

    Raises:
        UsageError: as `plan_comparison`.
    """
    if request.tune is None:
        return None
    if request.tune < 1:
        raise UsageError("--tune must be at least 1.", got=request.tune)
    opened = open_storage(storage_uri(request.run.storage))
    source = load_study(opened, request.study or newest_study(opened))
    spec = read_spec(source)
    check_comparable(spec)
    points = untuned(read_trials(source), request.by, request.tune)
    if not points:
        return None
    tries = tuple(f"{name}={value}" for point in points for name, value in point.items())
    run = replace(
        request.run,
        space=spec.space_source or spec.space,
        study=spec.name,
        add_trials=len(points),
        tries=tries,
    )
    return plan_search(run, say)


def plan_comparison(request: CompareRequest) -> SearchPlan:
    """The plan of the repeats; run it with `run_search`, and read it with `read_comparison`.

    A comparison that was begun goes on; one with fewer repeats is extended.

    Raises:
        UsageError: nothing to compare; a study of other configurations has the name already.
    """
    if request.repeats < LEAST_REPEATS:
        rule = f"--repeats must be at least {LEAST_REPEATS}: an interval needs a scatter."
        raise UsageError(rule, got=request.repeats, hint="5 or more are worth their time.")
    opened = open_storage(storage_uri(request.run.storage))
    source = load_study(opened, request.study or newest_study(opened))
    spec = read_spec(source)
    check_comparable(spec)
    trials = read_trials(source)
    objective = _objective(spec, request.metric, trials)
    chosen = choose_arms(trials, spec, request.by)
    return plan_repeats(request, spec, chosen, objective)


def plan_repeats(
    request: CompareRequest, spec: StudySpec, chosen: Chosen, objective: ObjectiveSpec
) -> SearchPlan:
    """The plan of the repeats of these arms; repeats that were begun go on.

    Args:
        spec: of the study that was searched.

    Raises:
        UsageError: a study of other arms has the name already; or the objective is under attack,
            and two arms are not attacked alike.
    """
    check_arms(chosen.arms, spec, [objective.metric])
    storage = storage_uri(request.run.storage)
    opened = open_storage(storage)
    name = check_study_name(request.name or f"{spec.name}-by-{request.by}")
    resources = find_resources(request.run)
    made = _spec(spec, chosen, request, name, resources, objective)
    run = replace(request.run, space=SPACE.name, study=name, local=resources.local)
    plan = SearchPlan(
        request=run,
        space=SPACE,
        spec=made,
        resources=resources,
        storage=storage,
        tracking_uri=held_tracking_uri(spec.tracking_uri, request.run.tracking_uri),
        time_budget=request.run.time_budget,
    )
    if is_made(opened, name):
        return _continued(plan, load_study(opened, name))
    return plan


def check_comparable(spec: StudySpec) -> None:
    """Raises UsageError for a study whose trials cannot be run again on other splits."""
    if spec.comparison is not None:
        hint = f"Name the study that it compares: {spec.comparison.source}."
        raise UsageError("A comparison is not compared again.", got=spec.name, hint=hint)
    if not is_ours(spec.trainable):
        rule = "Trials are compared on fresh seeds and splits, which only trials on images have."
        raise UsageError(rule, got=spec.trainable)


def _spec(
    source: StudySpec,
    chosen: Chosen,
    request: CompareRequest,
    name: str,
    resources: Resources,
    objective: ObjectiveSpec,
) -> StudySpec:
    """The source's choices, without its search."""
    comparison = ComparisonSpec(
        source=source.name,
        by=request.by,
        arms=dict(chosen.arms),
        repeats=request.repeats,
        first_seed=chosen.first_seed,
        tuned=chosen.tuned,
    )
    changes: dict[str, Any] = {
        "name": name,
        "space": SPACE.name,
        "space_source": SPACE.name,
        "space_version": SPACE.version,
        "space_question": f"Which {request.by} is the best, each at its best configuration?",
        "objectives": (objective,),
        "fixed": {key: value for key, value in source.fixed.items() if key not in _SEEDS},
        "trials": len(chosen.arms) * request.repeats,
        "sampler": "grid",
        "pruner": PrunerSpec(),
        "gate": None,
        "fidelity": None,
        "constraints": (),
        "target": None,
        "tries": (),
        "warm_start": (),
        "duplicates": "answer",
        "left_out": chosen.left_out,
        "input_size_reason": "",
        "comparison": comparison,
        "plan_seconds": None,
        "resources": vars(resources),
        "folder": Path(source.folder).parent / name,
        "created": time.time(),
        "git_commit": git_commit(),
        "versions": versions(),
    }
    made = source.model_copy(update=changes)
    known = parameters(SPACE, study_context(made))
    return made.model_copy(update={"parameters": {k: each.range for k, each in known.items()}})


def _objective(
    source: StudySpec, metric: str | None, trials: Sequence[TrialFacts]
) -> ObjectiveSpec:
    """What is compared; repeats have the metrics that the search's trials had."""
    if metric is None:
        return source.objectives[0]
    name = metric.removeprefix("-")
    known = sorted({each for trial in trials for each in trial.metrics})
    if name not in known:
        raise UnknownNameError("metric of this study's trials", name, known)
    return ObjectiveSpec(metric=name, direction="minimize" if name != metric else "maximize")


def _continued(plan: SearchPlan, study: optuna.Study) -> SearchPlan:
    """The plan to go on with the repeats that were made already."""
    held = read_spec(study)
    asked, found = plan.spec.comparison, held.comparison
    assert asked is not None
    same = found is not None and (found.source, found.by, found.arms) == (
        asked.source, asked.by, asked.arms,
    )  # fmt: skip
    if not same or found is None or held.objectives != plan.spec.objectives:
        rule = f"The study {held.name} holds another comparison than the one asked for."
        hint = (
            f"Give yours a name: --name, or take the old one away: orchestrator delete {held.name}"
        )
        raise UsageError(rule, hint=hint)
    more = range(found.repeats, asked.repeats)
    tries = tuple({"arm": arm, "repeat": repeat} for repeat in more for arm in asked.arms)
    repeats = max(found.repeats, asked.repeats)
    changes: dict[str, Any] = {"trials": len(found.arms) * repeats}
    if tries:
        changes["parameters"] = plan.spec.parameters
        changes["comparison"] = found.model_copy(update={"repeats": repeats})  # with its seeds
    spec = held.model_copy(update=changes)
    finished = sum(trial.counts for trial in read_trials(study))
    return replace(plan, spec=spec, continuing=True, finished=finished, tries=tries)
