"""`audit`: whether a search left exactly what it should, in the study, on the disk and in MLflow.

Every function gives complaints, sentences for a person; none means that all is well.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from auditing_mlflow import mlflow_complaints

from orchestrator.study.facts import TrialFacts, read_facts
from orchestrator.study.spec import StudySpec
from orchestrator.study.store import load_study, open_storage, read_spec
from orchestrator.study.uris import storage_uri

SAME = 1e-9


def assert_clean(complaints: list[str]) -> None:
    """Fail with all of them, one a line."""
    assert not complaints, "\n" + "\n".join(complaints)


@dataclass(frozen=True)
class Story:
    """One study as it lies there, read once."""

    folder: Path
    storage: str
    tracking_uri: str
    study: optuna.Study
    spec: StudySpec
    trials: tuple[TrialFacts, ...]

    @property
    def counted(self) -> tuple[TrialFacts, ...]:
        """Trials that `--trials` asked for."""
        return tuple(trial for trial in self.trials if trial.counts)

    @property
    def best(self) -> float | None:
        """The best value of the first objective."""
        values = [t.values[0] for t in self.counted if t.state == "finished"]
        choose = max if self.spec.objectives[0].direction == "maximize" else min
        return choose(values, default=None)


def read_story(
    folder: Path, study: str, *, storage: str | None = None, tracking_uri: str | None = None
) -> Story:
    """The study called `study` of the working folder `folder`.

    Args:
        storage, tracking_uri: where they are not files in that folder.
    """
    uri = storage or f"sqlite:///{folder}/optuna.db"
    held = load_study(open_storage(storage_uri(uri)), study)
    spec = read_spec(held)
    facts = tuple(read_facts(trial) for trial in held.get_trials(deepcopy=False))
    return Story(folder, uri, tracking_uri or spec.tracking_uri, held, spec, facts)


def audit(
    folder: Path,
    study: str,
    *,
    storage: str | None = None,
    tracking_uri: str | None = None,
    failed: int = 0,
) -> list[str]:
    """Everything that is wrong with a search that has ended; an empty list when nothing is.

    Args:
        failed: trials that were meant to fail.
    """
    story = read_story(folder, study, storage=storage, tracking_uri=tracking_uri)
    return [
        *_study(story, failed),
        *_shown(story),
        *mlflow_complaints(story.spec, story.trials, story.best, story.tracking_uri),
    ]


def study_complaints(folder: Path, study: str) -> list[str]:
    """`audit` of what the study and its files say, and nobody else."""
    return list(_study(read_story(folder, study), 0))


def _study(story: Story, failed: int) -> Iterator[str]:
    yield from _trials(story, failed)
    for trial in story.trials:
        yield from _files(story.spec, trial)
    yield from _steps(story)
    yield from _left_behind(story)


def attempts(trial: TrialFacts) -> list[Path]:
    """The folders of a trial's attempts that got as far as having one, first to last."""
    if not trial.folder:
        return []
    home = Path(trial.folder).parent
    names = [f"{trial.number:05d}", *(f"{trial.number:05d}-{n}" for n in range(2, 100))]
    return [home / name for name in names if (home / name).is_dir()]


def history(folder: Path) -> list[dict[str, Any]]:
    """Rows of `history.json`, as they lie there."""
    path = folder / "history.json"
    return json.loads(path.read_text()) if path.exists() else []


def _trials(story: Story, failed: int) -> Iterator[str]:
    """The asked number of trials, each ended exactly once."""
    if len(story.counted) != story.spec.trials:
        states = dict(Counter(trial.state for trial in story.trials))
        yield f"{len(story.counted)} trials count, {story.spec.trials} were asked for ({states})"
    for trial in story.trials:
        if trial.state in ("running", "stopped"):
            yield f"trial {trial.number} is {trial.state}: {trial.reason}"
        if trial.counts and trial.ended_by != trial.state:
            yield f"trial {trial.number} is {trial.state}, and its end says {trial.ended_by!r}"
    unwanted = [t for t in story.trials if t.state == "failed" and not _was_given_away(t, story)]
    if len(unwanted) != failed:
        reasons = "; ".join(f"trial {t.number}: {t.reason}" for t in unwanted)
        yield f"{len(unwanted)} trials failed, {failed} were to ({reasons})"
    if story.spec.duplicates == "answer":
        digests = Counter(trial.digest for trial in story.counted if trial.origin != "retry")
        for digest, times in digests.items():
            if times > 1:
                numbers = [t.number for t in story.counted if t.digest == digest]
                yield f"the config {digest} was run {times} times: trials {numbers}"


def _was_given_away(trial: TrialFacts, story: Story) -> bool:
    """Failed for its driver's silence, and exactly one successor went on with it."""
    followers = [t for t in story.trials if t.origin == "successor" and t.of == str(trial.number)]
    return trial.ended_by == "lost" and len(followers) == 1


def _files(spec: StudySpec, trial: TrialFacts) -> Iterator[str]:
    """Steps that only rise, that no attempt takes back, and that the study holds as well."""
    before: dict[int, dict[str, Any]] = {}
    rows: list[dict[str, Any]] = []
    for folder in attempts(trial):
        rows = history(folder)
        steps = [row["epoch"] for row in rows]
        if steps != sorted(set(steps)):
            yield f"the steps in {folder.name}/history.json do not rise: {steps}"
        now = {row["epoch"]: row for row in rows}
        config = folder / "config.json"
        begun = config.stat().st_mtime if config.exists() else math.inf
        for step, row in before.items():
            if row["time"] > begun:  # by a worker that was taken for lost, and still wrote
                continue
            # A successor of one that never came to an epoch may start with none.
            if now and step <= max(now) and now.get(step) != row:
                yield f"{folder.name} changed epoch {step}: {row} became {now.get(step)}"
        before = now
    if trial.counts:
        yield from _ended_files(spec, trial, rows)


def _ended_files(spec: StudySpec, trial: TrialFacts, rows: list[dict[str, Any]]) -> Iterator[str]:
    steps = [row["epoch"] for row in rows]
    unknown = sorted(set(trial.steps) - set(steps))
    if unknown:
        yield f"trial {trial.number}: the study has steps {unknown}, its file has not"
    gate = _gate(spec)
    for row in rows:
        if trial.steps.get(row["epoch"], row["metrics"].get(gate)) != row["metrics"].get(gate):
            yield f"trial {trial.number}: study and file differ in {gate} at step {row['epoch']}"
    if trial.state != "finished":
        return
    reports = [folder for folder in attempts(trial) if (folder / "report.json").exists()]
    if not reports or reports[-1] != Path(trial.folder):
        yield f"trial {trial.number} has finished without a report in {trial.folder}"
        return
    first, last = (json.loads((f / "report.json").read_text()) for f in (reports[0], reports[-1]))
    if first["metrics"] != last["metrics"]:
        yield f"trial {trial.number} finished twice: {first['metrics']}, then {last['metrics']}"
    if last["metrics"] != dict(trial.metrics):
        yield f"trial {trial.number}: the study has other figures than its report"
    wanted = trial.config.get("epochs")
    if wanted is not None and (not steps or steps[-1] != int(wanted)):
        yield f"trial {trial.number} ended after epoch {steps[-1:]} of {wanted}"


def _steps(story: Story) -> Iterator[str]:
    """Trials of as many epochs that finished reported at the same steps: none is missing."""
    by_epochs: dict[Any, Counter[tuple[int, ...]]] = {}
    finished = [trial for trial in story.counted if trial.state == "finished"]
    for trial in finished:
        seen = by_epochs.setdefault(trial.config.get("epochs"), Counter())
        seen[tuple(trial.steps)] += 1
    for trial in finished:
        (usual, _), *_ = by_epochs[trial.config.get("epochs")].most_common(1)
        if tuple(trial.steps) != usual:
            steps = list(trial.steps)
            yield f"trial {trial.number}: the study has steps {steps}, not {list(usual)}"


def _gate(spec: StudySpec) -> str:
    return (spec.gate or spec.objectives[0]).metric


def _shown(story: Story) -> Iterator[str]:
    """The same best value wherever somebody may look for it (MLflow: see there)."""
    if len(story.spec.objectives) == 1 and story.best is not None:
        held = story.study.best_value
        if abs(held - story.best) > SAME:
            yield f"the best value is {held} for Optuna and {story.best} by the trials' facts"
    shown = show(story)
    value = (shown["best"] or {}).get("metrics", {}).get(story.spec.objectives[0].metric)
    if value != story.best:
        yield f"`show --json` says that the best value is {value}; the study has {story.best}"
    numbers = sorted(row["number"] for row in shown["trials"])
    if numbers != list(range(len(story.trials))):
        yield f"`show --json` lists the trials {numbers}"


def show(story: Story) -> dict[str, Any]:
    """What `orchestrator show STUDY --json` prints."""
    done = subprocess.run(
        [sys.executable, "-m", "orchestrator.cli", "show", story.spec.name, "--json",
         "--storage", story.storage],
        cwd=story.folder, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _left_behind(story: Story) -> Iterator[str]:
    """What only a running search needs."""
    home = Path(story.spec.folder)
    if (home / "driver.json").exists():
        yield "driver.json says that somebody still drives it"
    for trial in story.counted:
        if (Path(trial.folder) / "checkpoint").exists() and trial.state == "finished":
            yield f"trial {trial.number} has finished and keeps its checkpoint"
