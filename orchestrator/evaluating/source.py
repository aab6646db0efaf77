"""What is to be evaluated: a trial of a study, a trial's folder, an MLflow run, or a model."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import optuna

from orchestrator.evaluating.choice import chosen_trial
from orchestrator.study import store
from orchestrator.study.reading import read_trials
from orchestrator.study.spec import StudySpec
from orchestrator.study.uris import held_tracking_uri, sqlite_path, storage_uri, tracking_uri
from orchestrator.tracking.result import read_result
from search_spaces.errors import UnavailableError, UsageError
from trainables.config import TrialConfig
from trainables.record import TrialRecord, read_report

_RUN_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, eq=False)
class Source:
    """A classifier that can be evaluated, and where it comes from.

    Args:
        name: how a person asks for it again.
        label: what was tried, in a line; "" where nobody knows.
        record: of the trial; None for a bare model.
        folder: of the trial, where its evaluation goes too; None where it is not on this machine.
        study, spec, trial: that it belongs to, as far as they are in the storage.
        run_id: of the trial in MLflow.
        model: an MLflow model's URI; None where `record` is put together again.
    """

    name: str
    label: str = ""
    record: TrialRecord | None = None
    folder: Path | None = None
    study: optuna.Study | None = None
    spec: StudySpec | None = None
    trial: int | None = None
    run_id: str | None = None
    model: str | None = None


def find_source(
    what: str | None, *, storage: str | None = None, tracking: str | None = None
) -> Source:
    """What a person means by `what`; None is the newest study's best trial.

    Args:
        what: STUDY (its best trial), STUDY/NUMBER, a trial's folder, an MLflow run id, or a model
            (`models:/NAME/VERSION`, `models:/NAME@ALIAS`, `models:/ID`, `runs:/RUN/PATH`).
        storage: Optuna URL, as asked for.
        tracking: MLflow URI, as asked for.

    Raises:
        UsageError: there is no such thing, or it cannot be evaluated; says why.
        UnavailableError: the storage, MLflow or the trial's files are not to be had.
    """
    if what is not None and what.startswith(("models:/", "runs:/")):
        return Source(name=what, model=what)
    if what is not None and Path(what).expanduser().is_dir():
        return _folder(Path(what).expanduser().resolve(), storage)
    if what is not None and _RUN_ID.fullmatch(what):
        return run_source(what, storage=storage, tracking=tracking)
    uri = storage_uri(storage)
    opened = store.open_storage(uri)
    name, slash, number = (what or store.newest_study(opened)).rstrip("/").partition("/")
    if slash and not number.isdecimal():
        rule = "A trial is STUDY/NUMBER, or the path of its folder."
        raise UsageError(rule, got=what, hint="`orchestrator show STUDY` has the numbers.")
    study = store.load_study(opened, name)
    return _trial(study, int(number) if slash else None, tracking)


def run_source(run_id: str, *, storage: str | None = None, tracking: str | None = None) -> Source:
    """The trial of an MLflow run: from its study where that is in the storage, else from MLflow.

    Raises:
        as `find_source`.
    """
    from orchestrator.tracking.evaluations import read_run

    uri = tracking_uri(tracking)
    run = read_run(run_id, uri)
    study = _study_of(run.study, storage, lambda spec: repr(spec.created) == run.created)
    if study is not None and run.trial is not None:
        return replace(_trial(study, run.trial, tracking), name=run_id, run_id=run_id)
    return Source(name=run_id, label=run.label, record=_fetched(run_id, uri), run_id=run_id)


def _trial(study: optuna.Study, number: int | None, tracking: str | None) -> Source:
    """A finished trial of ours; None for the best."""
    spec = store.read_spec(study)
    if not spec.has_images:
        rule = "An evaluation needs logits, which a trainable of one's own does not leave."
        raise UsageError(rule, got=spec.trainable)
    sent = read_result(spec.folder)
    trials = read_trials(study, sent.run_ids if sent else {})
    trial = chosen_trial(trials, spec, number)
    folder = Path(trial.folder) if trial.folder else None
    here = folder is not None and (folder / "report.json").is_file()
    if not here and trial.run_id is None:
        gone = [(str(folder), "its report is not on this machine, nor has it a run in MLflow")]
        raise UnavailableError(f"The result of trial {trial.number} of {spec.name}", gone)
    record = _read(folder) if here and folder else None
    if record is None:
        record = _fetched(str(trial.run_id), held_tracking_uri(spec.tracking_uri, tracking))
    return Source(
        name=f"{spec.name}/{trial.number}",
        label=trial.label,
        record=record,
        folder=folder if here else None,
        study=study,
        spec=spec,
        trial=trial.number,
        run_id=trial.run_id,
    )


def _folder(folder: Path, storage: str | None) -> Source:
    """A trial's folder; its study, too, if that is in the storage."""
    if not (folder / "config.json").is_file() and not (folder / "report.json").is_file():
        rule = "A trial's folder holds config.json and report.json."
        raise UsageError(rule, got=str(folder))
    record = _read(folder)
    study = _study_of(
        folder.parent.parent.name, storage, lambda spec: spec.folder == folder.parent.parent
    )
    if study is not None:
        for trial in read_trials(study):
            if trial.folder and Path(trial.folder) == folder and trial.state == "finished":
                return _trial(study, trial.number, None)
    label = getattr(record.config, "backbone", "")
    return Source(name=str(folder), label=label, record=record, folder=folder)


def _study_of(
    name: str, storage: str | None, fits: Callable[[StudySpec], bool]
) -> optuna.Study | None:
    """The study of that name, if there is one that fits; makes no storage that there is not."""
    uri = storage_uri(storage)
    path = sqlite_path(uri)
    if path is not None and not path.exists():
        return None
    opened = store.open_storage(uri)
    if not name or not store.is_made(opened, name):
        return None
    study = store.load_study(opened, name)
    return study if store.SPEC_KEY in study.user_attrs and fits(store.read_spec(study)) else None


def _read(folder: Path) -> TrialRecord:
    """Its record, weights included.

    Raises:
        UsageError: the trial is not finished, or left no weights, or its files are damaged.
    """
    if not (folder / "report.json").is_file():
        rule = "Only a finished trial can be evaluated; this folder has no report.json."
        raise UsageError(rule, got=str(folder))
    try:
        record = read_report(folder)
    except (OSError, ValueError, KeyError) as error:  # JSON's and pyarrow's errors are ValueErrors
        tried = [(str(folder), f"{type(error).__name__}: {error}")]
        raise UnavailableError("The files of the trial", tried) from None
    if isinstance(record.config, TrialConfig) and not record.report.weights:
        hint = "Weights of more than 4 MB are not in MLflow's run: evaluate its model, or a folder."
        tried = [(str(folder / "weights.safetensors"), "is not there")]
        raise UnavailableError("The weights of the trial", tried, hint=hint)
    return record


def _fetched(run_id: str, uri: str) -> TrialRecord:
    """The same from the files of an MLflow run."""
    from orchestrator.tracking.evaluations import fetch_files

    with tempfile.TemporaryDirectory() as folder:
        fetch_files(run_id, uri, Path(folder))
        if not (Path(folder) / "report.json").is_file():
            rule = "Only the run of a finished trial of ours can be evaluated."
            raise UsageError(rule, got=run_id, hint="It has no report.json among its artifacts.")
        return _read(Path(folder))


def config_of_run(run_id: str, uri: str) -> TrialConfig | None:
    """The config of a run of ours; None for any other run."""
    from orchestrator.tracking.evaluations import fetch_files

    with tempfile.TemporaryDirectory() as folder:
        fetch_files(run_id, uri, Path(folder), names=("config.json",))
        path = Path(folder) / "config.json"
        if not path.is_file():
            return None
        fields = json.loads(path.read_text())
    known = isinstance(fields, dict) and fields.keys() <= TrialConfig.model_fields.keys()
    return TrialConfig.model_validate(fields) if known else None
