"""Puts trials into the study, to be tried before the sampler draws any."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState, create_trial

from search_spaces.space import Params

FIXED = "fixed_params"  # Optuna's own name for the parameters of an enqueued trial


def enqueue(
    study: optuna.Study,
    params: Params,
    kind: str,
    *,
    of: str = "",
    more: Mapping[str, Any] | None = None,
) -> None:
    """A WAITING trial with `params`; what they leave out is drawn when it starts.

    Args:
        kind, of: its origin, see `facts.py`.
        more: system attributes that go along: the notes of a sampler on a predecessor.
    """
    kept = {key: value for key, value in (more or {}).items() if key != FIXED}
    study.add_trial(
        create_trial(
            state=TrialState.WAITING,
            system_attrs={**kept, FIXED: dict(params)},
            user_attrs={"origin": {"kind": kind, "of": of}},
        )
    )


def known_params(trial: FrozenTrial) -> dict[str, Any]:
    """What is settled of a trial: its parameters, and those of its point that it never came to."""
    return {**trial.system_attrs.get(FIXED, {}), **trial.params}


def retry_failed(study: optuna.Study) -> int:
    """Enqueue every failed trial again that has no successor yet; how many."""
    trials = study.get_trials(deepcopy=False)
    followed = {trial.user_attrs.get("origin", {}).get("of") for trial in trials}
    failed = [t for t in trials if t.state == TrialState.FAIL and str(t.number) not in followed]
    for trial in failed:
        enqueue(study, known_params(trial), "retry", of=str(trial.number), more=trial.system_attrs)
    return len(failed)
