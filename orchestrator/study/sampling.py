"""What a study's sampler and pruner are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import optuna

from orchestrator.study.early import EarlyStopper
from orchestrator.study.pruners import make_pruner
from orchestrator.study.samplers import SamplerNeeds, make_sampler
from orchestrator.study.spec import ConditionSpec, ObjectiveSpec, StudySpec
from search_spaces.exploring import parameters
from search_spaces.parameter import field_of
from search_spaces.space import Space, SpaceContext


def needs_of(
    space: Space,
    context: SpaceContext,
    objectives: Sequence[ObjectiveSpec],
    constraints: Sequence[ConditionSpec],
    trials: int,
    seed: int,
    fixed: Mapping[str, Any],
) -> SamplerNeeds:
    """What a sampler must be able to do for this search."""
    known = parameters(space, context)
    grid = None if space.grid is None else space.grid(context)
    free = None if grid is None else {k: tuple(v) for k, v in grid.items() if _is_free(k, fixed)}
    return SamplerNeeds(
        seed=seed,
        objectives=len(objectives),
        constrained=bool(constraints),
        trials=trials,
        parameters={name: each for name, each in known.items() if _is_free(name, fixed)},
        grid=free,
    )


def _is_free(name: str, fixed: Mapping[str, Any]) -> bool:
    """`lr.head`, the learning rate in one branch of a space, is fixed with `lr`."""
    return name not in fixed and field_of(name) not in fixed


def sampler_of(spec: StudySpec, space: Space, context: SpaceContext) -> optuna.samplers.BaseSampler:
    """The sampler that the study was made with."""
    needs = needs_of(
        space, context, spec.objectives, spec.constraints, spec.trials, spec.seed, spec.fixed
    )
    return make_sampler(spec.sampler, needs)


def spare_sampler_of(
    spec: StudySpec, space: Space, context: SpaceContext
) -> optuna.samplers.BaseSampler:
    """Draws at random, where the study's own sampler finds nothing new."""
    needs = needs_of(
        space, context, spec.objectives, spec.constraints, spec.trials, spec.seed, spec.fixed
    )
    return make_sampler("random", needs)


def stopper_of(study: optuna.Study, spec: StudySpec) -> EarlyStopper | None:
    """What stops trials early; None for a study without a pruner."""
    if spec.gate is None:
        return None
    native = len(spec.objectives) == 1 and spec.gate == spec.objectives[0]
    epochs = {**spec.base_config, **spec.fixed}.get("epochs")
    most = None if "epochs" in spec.parameters and "epochs" not in spec.fixed else epochs
    pruner = make_pruner(spec.pruner, direction=spec.gate.direction, most_steps=most)
    return EarlyStopper(study, pruner, spec.gate, native=native)
