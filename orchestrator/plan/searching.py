"""How a study searches: objectives, sampler, pruner and budgets, from what was asked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from orchestrator.plan.goals import choose_gate, parse_condition, parse_objectives, parse_point
from orchestrator.request import SearchRequest
from orchestrator.study.measured_alike import check_space
from orchestrator.study.pruners import parse_pruner, rungs
from orchestrator.study.samplers import SamplerNeeds, choose_sampler
from orchestrator.study.samplers.auto import auto_choice
from orchestrator.study.sampling import needs_of
from orchestrator.study.spec import ConditionSpec, ObjectiveSpec, PrunerSpec
from search_spaces.errors import UsageError
from search_spaces.exploring import check_point, parameters
from search_spaces.parameter import field_of
from search_spaces.space import Space, SpaceContext

MOST_FAILURES = 10
_ONE_BACKBONE = 12  # trials of a space that does not compare backbones


def search_choices(
    request: SearchRequest,
    space: Space,
    context: SpaceContext,
    *,
    ours: bool,
    trials: int,
    seed: int,
    fixed: Mapping[str, Any],
) -> dict[str, Any]:
    """The fields of `StudySpec` that say how to search.

    Raises:
        UsageError: choices that do not go together; says which, and the nearest that do.
    """
    known = parameters(space, context)
    objectives = _objectives(request, space, ours)
    constraints = tuple(
        parse_condition(text, option="--constraint", ours=ours) for text in request.constraints
    )
    target = target_of(request, ours=ours)
    if ours:
        conditions = (*constraints, *((target,) if target else ()))
        free = {name for name in map(field_of, known) if name not in fixed}
        check_space(free, [each.metric for each in (*objectives, *conditions)])
    needs = needs_of(space, context, objectives, constraints, trials, seed, fixed)
    pruner = parse_pruner(request.pruner if request.pruner is not None else space.pruner)
    return {
        "objectives": objectives,
        "constraints": constraints,
        **_sampler(request, space, needs),
        "fidelity": space.fidelity,
        **_early(request, space, pruner, objectives, ours),
        "target": target,
        "max_failures": request.max_failures or MOST_FAILURES,
        "on_budget": request.on_budget or "finish",
        "duplicates": _duplicates(request, fixed),
        "tries": points(request, space, context, fixed),
        "warm_start": request.warm_start,
        "parameters": {name: parameter.range for name, parameter in known.items()},
    }


def target_of(request: SearchRequest, *, ours: bool) -> ConditionSpec | None:
    """`--target` as a condition."""
    if request.target is None:
        return None
    return parse_condition(request.target, option="--target", ours=ours)


def points(
    request: SearchRequest, space: Space, context: SpaceContext, fixed: Mapping[str, Any]
) -> tuple[dict[str, Any], ...]:
    """The points of `--try`, checked against the space.

    Raises:
        UsageError: a parameter that the space does not have there, that is fixed, or out of range.
    """
    found = []
    for text in request.tries:
        point = parse_point(text)
        both = sorted(name for name in point if field_of(name) in fixed)
        if both:
            rule = f"--try and --set must not both name {both[0]}."
            raise UsageError(rule, got=text, hint=f"Leave {both[0]} out of --try.")
        check_point(space, context, point, fixed)
        found.append(point)
    return tuple(found)


def _objectives(request: SearchRequest, space: Space, ours: bool) -> tuple[ObjectiveSpec, ...]:
    if request.objective is not None:
        return parse_objectives(request.objective, ours=ours)
    return tuple(
        ObjectiveSpec(metric=item.metric, direction="maximize" if item.maximize else "minimize")
        for item in space.objectives
    )


def _early(
    request: SearchRequest,
    space: Space,
    pruner: PrunerSpec,
    objectives: tuple[ObjectiveSpec, ...],
    ours: bool,
) -> dict[str, Any]:
    """Pruner and gate; none of both where nothing is stopped early."""
    if pruner.name == "none":
        if request.gate is not None:
            rule = "--gate says what a pruner looks at, and there is none."
            raise UsageError(rule, got=request.gate, hint="Add --pruner asha, or leave it out.")
        return {"pruner": pruner, "gate": None}
    if space.fidelity is None:
        raise UsageError(
            f"Trials of {space.name} cannot be compared before they end, so none is stopped early.",
            got=f"--pruner {request.pruner or space.pruner}",
            hint="Leave --pruner out; a space allows it with fidelity='epochs' or 'runs'.",
        )
    if space.fidelity == "runs":
        rungs(pruner, 10**6)  # raises for a pruner without rungs
    if request.gate is None and space.gate is not None and request.objective is None:
        gate = ObjectiveSpec(
            metric=space.gate.metric, direction="maximize" if space.gate.maximize else "minimize"
        )
    else:
        gate = choose_gate(request.gate, objectives, ours=ours)
    return {"pruner": pruner, "gate": gate}


def _sampler(request: SearchRequest, space: Space, needs: SamplerNeeds) -> dict[str, Any]:
    """The one asked for, else the space's own where anything is left for it to search."""
    asked = request.sampler or (space.sampler if needs.parameters else "auto")
    reason = auto_choice(needs).reason if asked == "auto" else ""
    return {"sampler": choose_sampler(asked, needs), "sampler_reason": reason}


def _duplicates(request: SearchRequest, fixed: Mapping[str, Any]) -> str:
    if request.duplicates == "reseed" and "seed" in fixed:
        rule = "--duplicates reseed changes the seed, so it must not be fixed."
        raise UsageError(rule, got=f"seed={fixed['seed']}", hint="Leave --set seed=... out.")
    return request.duplicates or "answer"


def default_trials(space: Space, context: SpaceContext, fixed: Mapping[str, Any]) -> int:
    """Finished trials where nobody says how many.

    Each baseline, and as many again; of a grid all its points, the baselines among them.
    """
    baselines = space.baselines(context)
    if space.sampler == "grid" and space.grid is not None:
        grid = {name: values for name, values in space.grid(context).items() if name not in fixed}
        further = sum(any(point.get(k) not in grid[k] for k in grid) for point in baselines)
        return further + math.prod(len(values) for values in grid.values())
    if space.compares_backbones:
        return max(space.trials, 2 * max(len(baselines), len(context.backbones)))
    return max(space.trials or _ONE_BACKBONE, 2 * len(baselines))


def trials_wanted(request: SearchRequest, otherwise: int) -> int:
    """`--trials`, or so many.

    Raises:
        UsageError: none at all.
    """
    asked = request.trials if request.trials is not None else otherwise
    if asked < 1 or not math.isfinite(asked):
        raise UsageError("--trials must be at least 1.", got=asked)
    return asked
