"""Takes a study away: its runs in MLflow, its trials' files, and the study itself, in this order.

What is made from something goes before it: a deletion that was cut short is simply done again.
"""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import optuna

from orchestrator.study.ending import is_driven
from orchestrator.study.spec import StudySpec
from orchestrator.study.store import load_study, open_storage, read_spec
from orchestrator.study.uris import held_tracking_uri, masked, storage_uri
from search_spaces.errors import UnavailableError, UsageError


@dataclass(frozen=True)
class Holdings:
    """What a study holds, and where; `runs` and `models` are None where MLflow is left alone."""

    study: str
    storage: str
    folder: str
    trials: int
    bytes: int
    tracking_uri: str
    runs: int | None = None
    models: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The keys of `docs/json.md`; passwords masked."""
        places = {"storage": masked(self.storage), "tracking_uri": masked(self.tracking_uri)}
        return {**asdict(self), **places}


def holdings(
    name: str,
    *,
    storage: str | None = None,
    tracking_uri: str | None = None,
    runs: bool = True,
) -> Holdings:
    """What `delete_study` would take away.

    Raises:
        UsageError: there is no such study, it is not ours, or a search runs it right now.
        UnavailableError: MLflow's store is away.
    """
    uri = storage_uri(storage)
    study = load_study(open_storage(uri), name)
    spec = read_spec(study)
    if is_driven(study, spec):
        hint = f"Stop it first: orchestrator stop {name}"
        raise UsageError(f"A study that is being searched cannot be deleted: {name}.", hint=hint)
    place = held_tracking_uri(spec.tracking_uri, tracking_uri)
    counted: tuple[int | None, int | None] = (None, None)
    if runs:
        from orchestrator.tracking.deleting import what_mlflow_holds

        held = what_mlflow_holds(spec, place)
        counted = (held.runs, held.models)
    return Holdings(
        study=name,
        storage=uri,
        folder=str(spec.folder),
        trials=len(study.get_trials(deepcopy=False)),
        bytes=_size(spec.folder),
        tracking_uri=place,
        runs=counted[0],
        models=counted[1],
    )


def delete_study(held: Holdings) -> None:
    """Take it away.

    Raises:
        UnavailableError: a store or the folder refuses; what is left can be deleted again.
    """
    opened = open_storage(held.storage)
    spec = read_spec(load_study(opened, held.study))
    if held.runs is not None:
        from orchestrator.tracking.deleting import delete_from_mlflow

        delete_from_mlflow(spec, held.tracking_uri)
    _delete_folder(spec)
    optuna.delete_study(study_name=held.study, storage=opened)


def _delete_folder(spec: StudySpec) -> None:
    if not spec.folder.exists():
        return
    try:
        shutil.rmtree(spec.folder)
    except OSError as error:
        tried = [("deleting it", str(error))]
        raise UnavailableError(f"The folder {spec.folder}", tried) from None


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())
