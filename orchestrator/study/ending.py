"""Whether a study is being driven right now, and how to have it stopped from outside."""

from __future__ import annotations

import time

import optuna
from optuna.trial import TrialState

from orchestrator.study.claims import is_shared
from orchestrator.study.lock import driver_lock
from orchestrator.study.spec import StudySpec
from orchestrator.study.stopping import ask_to_stop
from orchestrator.study.store import load_study, newest_study, open_storage, read_spec
from orchestrator.study.uris import storage_uri
from search_spaces.errors import UsageError

_LOOK_SECONDS = 0.5


def is_driven(study: optuna.Study, spec: StudySpec) -> bool:
    """Whether a driver works this study: it holds the lock, or has trials under way."""
    if is_shared(study):
        running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        return bool(running)
    if not spec.folder.is_dir():
        return False
    try:
        with driver_lock(spec.folder, spec.name):
            return False
    except UsageError:
        return True


def stop_study(
    name: str | None = None, *, storage: str | None = None, wait: float = 60.0
) -> tuple[str, bool]:
    """Ask whoever drives the study to stop, and wait for it; the study's name, and whether it did.

    Args:
        name: the study's (default: the newest).
        wait: seconds.

    Raises:
        UsageError: there is no such study, or nobody drives it.
    """
    opened = open_storage(storage_uri(storage))
    study = load_study(opened, name or newest_study(opened))
    spec = read_spec(study)
    if not is_driven(study, spec):
        hint = "orchestrator list shows how far each study is."
        raise UsageError(
            f"Only a search that runs can be stopped; {spec.name} does not.", hint=hint
        )
    ask_to_stop(study)
    until = time.monotonic() + wait
    while (driven := is_driven(study, spec)) and time.monotonic() < until:
        time.sleep(_LOOK_SECONDS)
    return spec.name, not driven
