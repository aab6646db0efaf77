"""What the commands that take a study want to know of it before anything is planned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from optuna.trial import TrialState

from orchestrator.study.facts import read_facts
from orchestrator.study.spec import SPEC_KEY, StudySpec
from orchestrator.study.store import load_study, open_storage, read_spec, study_names
from orchestrator.study.uris import masked, sqlite_path, storage_uri

if TYPE_CHECKING:
    import optuna


def space_of(study: str, storage: str | None) -> str:
    """What `--space` was when `study` was made: a name, or a path.

    Raises:
        UsageError: there is no such study, or it is not one of ours.
    """
    spec = read_spec(load_study(open_storage(storage_uri(storage)), study))
    return spec.space_source or spec.space


def trainable_of(study: str, storage: str | None) -> str:
    """The trainable that `study` was made with."""
    return read_spec(load_study(open_storage(storage_uri(storage)), study)).trainable


def studies_in(storage: str | None) -> tuple[str, list[dict[str, Any]]]:
    """The storage, its password masked, and its studies of ours, newest first.

    A file that is not there is an empty storage, and stays absent.
    """
    uri = storage_uri(storage)
    path = sqlite_path(uri)
    if path is not None and not path.exists():
        return masked(uri), []
    opened = open_storage(uri)
    studies = [load_study(opened, name) for name in study_names(opened)]
    ours = [_facts(study) for study in studies if SPEC_KEY in study.user_attrs]
    return masked(uri), sorted(ours, key=lambda facts: facts["created"], reverse=True)


def _facts(study: optuna.Study) -> dict[str, Any]:
    spec = read_spec(study)
    trials = study.get_trials(deepcopy=False)
    facts = [read_facts(trial) for trial in trials]
    return {
        "study": spec.name,
        "created": spec.created,
        "space": spec.space,
        "data": spec.data.name,
        "objectives": [objective.model_dump() for objective in spec.objectives],
        "wanted": spec.trials,
        "finished": sum(each.counts for each in facts),
        "failed": sum(each.state == "failed" for each in facts),
        "running": sum(each.state == "running" for each in facts),
        "best": _best(trials, spec),
        "tracking_uri": masked(spec.tracking_uri),
    }


def _best(trials: list[optuna.trial.FrozenTrial], spec: StudySpec) -> dict[str, Any] | None:
    done = [
        trial
        for trial in trials
        if trial.state == TrialState.COMPLETE and trial.values and read_facts(trial).counts
    ]
    if not done:
        return None
    choose = max if spec.objectives[0].direction == "maximize" else min
    best = choose(done, key=lambda trial: trial.values[0])
    label = str(best.user_attrs.get("label", f"trial {best.number}"))
    return {"number": best.number, "label": label, "value": best.values[0]}
