"""What a new study holds before its first trial: a warm start, points asked for, baselines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import optuna

from orchestrator.study.queue import FIXED, enqueue
from orchestrator.study.spec import StudySpec
from orchestrator.study.store import load_study
from orchestrator.study.warm_start import warm_start
from search_spaces.space import Space, SpaceContext

FILLED_KEY = "filled"


def fill(study: optuna.Study, spec: StudySpec, space: Space, context: SpaceContext) -> None:
    """Bring in what comes first, once; call it within `claims.turn`.

    A driver that was killed in the middle left a part of it: what is there is not added again.
    """
    if study.user_attrs.get(FILLED_KEY):
        return
    there = study.get_trials(deepcopy=False)
    for name in spec.warm_start:
        warm_start(study, load_study(study._storage, name), spec, space, context)
    known = [trial.system_attrs.get(FIXED) for trial in there]
    for kind, params in _first(spec, space, context):
        if params not in known:
            known.append(params)
            enqueue(study, params, kind)
    study.set_user_attr(FILLED_KEY, True)


def _first(
    spec: StudySpec, space: Space, context: SpaceContext
) -> list[tuple[str, dict[str, Any]]]:
    """Points with their origin: what was asked for, then the space's known-good ones."""
    points = [("try", params) for params in spec.tries]
    points += [("baseline", p) for p in space.baselines(context) if _agrees(p, spec.fixed)]
    return [
        (kind, {key: value for key, value in params.items() if key not in spec.fixed})
        for kind, params in points
    ]


def _agrees(baseline: Mapping[str, Any], fixed: Mapping[str, Any]) -> bool:
    """A known-good point of another branch is none once what chooses the branch is fixed.

    Numbers that were fixed (`--set lr=...`) leave a baseline what it is otherwise.
    """
    return all(
        fixed[name] == value
        for name, value in baseline.items()
        if name in fixed and isinstance(value, str)
    )
