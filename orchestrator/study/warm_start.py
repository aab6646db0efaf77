"""`--warm-start OTHER`: finished trials of another study, where the two can be compared."""

from __future__ import annotations

from typing import Any

import optuna
from optuna.trial import FixedTrial, FrozenTrial, TrialState, create_trial

from orchestrator.study.configs import is_ours
from orchestrator.study.measured_alike import specification_differences
from orchestrator.study.spec import StudySpec
from orchestrator.study.store import read_spec
from search_spaces.errors import OrchestratorError, UsageError
from search_spaces.exploring import parameters
from search_spaces.fixing import FixingTrial
from search_spaces.parameter import field_of
from search_spaces.space import Space, SpaceContext
from trainables.config import TrialConfig

# Where a trial runs, and which draw of the head it is: these need not agree.
_FREE = {"data_dir", "weights_dir", "cache_limit_gb", "device", "threads", "accumulation", "seed"}


def check_warm_start(other: StudySpec, spec: StudySpec) -> None:
    """Raise UsageError unless figures of `other` mean the same in `spec`; says what differs."""
    pairs = [
        ("trainable", other.trainable, spec.trainable),
        ("data", other.data.digest, spec.data.digest),
        ("split", other.split.digest, spec.split.digest),
    ]
    found = [
        f"{what} ({theirs} there, {ours} here)" for what, theirs, ours in pairs if theirs != ours
    ]
    unlike = specification_differences(other.attack, spec.attack)
    if unlike:
        found.append(f"how trials are attacked ({unlike})")
    if found:
        raise UsageError(
            f"A warm start needs the same figures in both studies; {other.name} differs in "
            f"{', '.join(found)}.",
            hint="Search with the same --data, sizes, --seed and attack as there, or leave it out.",
        )


def warm_start(
    study: optuna.Study, other: optuna.Study, spec: StudySpec, space: Space, context: SpaceContext
) -> tuple[int, int]:
    """Add the finished trials of `other` that lie in this space; how many of how many.

    They teach the sampler and count neither towards `--trials` nor as a result of this study.
    Those that are there already are not added again.
    """
    there = {t.user_attrs.get("origin", {}).get("of") for t in study.get_trials(deepcopy=False)}
    theirs = read_spec(other)
    check_warm_start(theirs, spec)
    known = parameters(space, context)
    done = other.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    added = 0
    for trial in done:
        made = _translated(trial, theirs, spec, space, context, set(known))
        if made is None or made.user_attrs["origin"]["of"] in there:
            continue
        study.add_trial(made)
        added += 1
    return added, len(done)


def _complete(config: dict[str, Any], spec: StudySpec) -> dict[str, Any]:
    """With the fields that came later than the trial, at the defaults that it ran with."""
    if not is_ours(spec.trainable) or not config:
        return config
    return {**TrialConfig.later_defaults(), **config}


def _translated(
    trial: FrozenTrial,
    theirs: StudySpec,
    spec: StudySpec,
    space: Space,
    context: SpaceContext,
    known: set[str],
) -> FrozenTrial | None:
    """The trial as this study would hold it, None where it cannot."""
    config = _complete(trial.user_attrs.get("config", {}), spec)
    wanted: dict[str, Any] = {name: config[name] for name in known if name in config}
    shared = {**spec.base_config, **spec.fixed}
    free = (known | set(map(field_of, known)) | _FREE) - set(spec.fixed)
    metrics = trial.user_attrs.get("metrics", {})
    wanted_metrics = [item.metric for item in spec.objectives]
    wanted_metrics += [item.metric for item in spec.constraints]
    if any(name not in metrics for name in wanted_metrics):
        return None
    fixed = FixedTrial({**wanted, **trial.params})
    try:
        suggested = space.suggest(FixingTrial(fixed, spec.fixed), context)
    except (ValueError, OrchestratorError):
        return None
    constants = {k: v for k, v in suggested.items() if k not in free and k not in spec.fixed}
    if any(config.get(k) != v for k, v in {**shared, **constants}.items() if k not in free):
        return None
    # FixedTrial only warns of a value that the space does not hold.
    if not all(
        distribution._contains(distribution.to_internal_repr(fixed.params[name]))
        for name, distribution in fixed.distributions.items()
    ):
        return None
    source = f"{theirs.name}/{trial.number}"
    return create_trial(
        state=TrialState.COMPLETE,
        params=fixed.params,
        distributions=fixed.distributions,
        values=[metrics[item.metric] for item in spec.objectives],
        system_attrs={
            f"constraints:{item}": item.violation(metrics[item.metric]) for item in spec.constraints
        },
        user_attrs={
            "origin": {"kind": "warm_start", "of": source},
            "label": trial.user_attrs.get("label", source),
            "config": config,
            "metrics": metrics,
            "end": {"state": "finished", "reason": f"from {source}"},
        },
    )
