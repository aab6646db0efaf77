"""What `auditing.audit` asks of MLflow: one run a trial, every step once, every file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import Run

from orchestrator.study.facts import TrialFacts
from orchestrator.study.spec import StudySpec
from orchestrator.tracking.files import MOST_BYTES
from trainables.history import read_history

_STATUS = {"finished": "FINISHED", "pruned": "KILLED", "failed": "FAILED"}
# Made from the trial's files on the way; the rest must lie there as it lies on the disk.
_MADE = {"summary.png", "confusion_train.csv", "confusion_val.csv"}
_NOT_SENT = {"examples.npz", "error.json"}  # the one is in the picture, the other in a tag


def mlflow_complaints(
    spec: StudySpec, trials: Sequence[TrialFacts], best: float | None, tracking_uri: str
) -> Iterator[str]:
    """What is wrong in MLflow, in sentences."""
    client = MlflowClient(tracking_uri)
    experiment = client.get_experiment_by_name(spec.experiment)
    if experiment is None:
        yield f"MLflow has no experiment {spec.experiment}"
        return
    runs = list(client.search_runs([experiment.experiment_id], max_results=5000))
    ours = [run for run in runs if run.data.tags.get("orchestrator.study") == spec.name]
    children = [run for run in ours if "mlflow.parentRunId" in run.data.tags]
    parents = [run for run in ours if run not in children]
    if len(ours) != len(runs):
        yield f"{len(runs) - len(ours)} runs belong to no study"
    yield from _parent(client, spec, parents, children, best)
    yield from _one_run_each(trials, children)
    by_number = {run.data.tags.get("trial"): run for run in children}
    for trial in trials:
        run = by_number.get(str(trial.number))
        if run is not None and trial.counts:
            yield from _run(client, spec, trial, run)


def _parent(
    client: MlflowClient,
    spec: StudySpec,
    parents: list[Run],
    children: list[Run],
    best: float | None,
) -> Iterator[str]:
    if len(parents) != 1:
        yield f"MLflow has {len(parents)} runs of the study itself"
        return
    (parent,) = parents
    strangers = [
        run for run in children if run.data.tags["mlflow.parentRunId"] != parent.info.run_id
    ]
    if strangers:
        yield f"{len(strangers)} runs have another parent"
    if parent.info.status != "FINISHED":
        yield f"the study's own run is {parent.info.status}"
    name = f"best_{spec.objectives[0].metric}"
    held = parent.data.metrics.get(name)
    if best is not None and (held is None or abs(held - best) > 1e-9):
        yield f"MLflow's parent has {name} = {held}; the study has {best}"
    rows = client.get_metric_history(parent.info.run_id, name)
    doubled = [step for step, times in Counter(row.step for row in rows).items() if times > 1]
    if doubled:
        yield f"MLflow's parent has {name} more than once at the steps {doubled}"


def _one_run_each(trials: Sequence[TrialFacts], children: list[Run]) -> Iterator[str]:
    held = Counter(run.data.tags.get("trial") for run in children)
    for number, times in held.items():
        if times > 1:
            yield f"MLflow has {times} runs of trial {number}"
    known = {str(trial.number): trial for trial in trials}
    for number in held:
        if number not in known:
            yield f"MLflow has a run of trial {number}, which the study does not have"
    for trial in trials:
        if trial.counts and str(trial.number) not in held:
            yield f"MLflow has no run of trial {trial.number}"


def _run(client: MlflowClient, spec: StudySpec, trial: TrialFacts, run: Run) -> Iterator[str]:
    where = f"MLflow's run of trial {trial.number}"
    if run.info.status != _STATUS[trial.state]:
        yield f"{where} is {run.info.status}, and the trial {trial.state}"
    if run.data.tags.get("state") != trial.state:
        yield f"{where} is tagged {run.data.tags.get('state')!r}, and the trial is {trial.state}"
    for name, value in trial.metrics.items():
        held = run.data.metrics.get(name)
        if held is None or abs(held - value) > 1e-6 * max(1.0, abs(value)):
            yield f"{where} has {name} = {held}; the study has {value}"
    yield from _steps(client, trial, run, where)
    yield from _artifacts(client, spec, trial, run, where)


def _steps(client: MlflowClient, trial: TrialFacts, run: Run, where: str) -> Iterator[str]:
    """Every step of every figure once; a final figure that was measured anew stands one later."""
    rows = read_history(Path(trial.folder))
    last = max((row["epoch"] for row in rows), default=0)
    for name in sorted({name for row in rows for name in row["metrics"]}):
        wanted = [row["epoch"] for row in rows if row["metrics"].get(name) is not None]
        points = client.get_metric_history(run.info.run_id, name)
        found = sorted(point.step for point in points)
        after = [point.value for point in points if point.step == last + 1]
        if after == [trial.metrics.get(name)]:
            found.remove(last + 1)
        if found != wanted:
            yield f"{where} has {name} at the steps {found}; the trial has {wanted}"


def _artifacts(
    client: MlflowClient, spec: StudySpec, trial: TrialFacts, run: Run, where: str
) -> Iterator[str]:
    held = {item.path: item.file_size for item in client.list_artifacts(run.info.run_id)}
    for file in sorted(Path(trial.folder).iterdir()):
        if not file.is_file() or file.name in _NOT_SENT or file.name.startswith(".writing-"):
            continue
        if file.stat().st_size > MOST_BYTES:  # a whole net's weights stay in the folder
            continue
        if held.get(file.name) != file.stat().st_size:
            size = held.get(file.name, "nothing")
            yield f"{where} has {size} of {file.name}'s {file.stat().st_size} bytes"
    if spec.has_images and trial.state == "finished":
        for name in sorted(_MADE - set(held)):
            yield f"{where} has no {name}"
