"""`Material`: all that a report is made from, read once; what the sections are functions of."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.results import SearchResult, TrialResult
from orchestrator.study.spec import StudySpec

if TYPE_CHECKING:
    import optuna

    from orchestrator.attacking.result import StudyAttack
    from orchestrator.comparing.comparison import Comparison
    from orchestrator.pictures.view import StudyView
    from orchestrator.tracking.files import TrialFiles

MOST_CLOSE = 5
"""Trials that are looked at closely: more lines in one picture cannot be told apart."""
_TEST = Path("evaluation") / "evaluation-test.json"  # in a trial's folder


@dataclass(frozen=True)
class OnTest:
    """What an evaluation of a trial on the test split gave; shares in [0, 1]."""

    trial: TrialResult
    count: int
    accuracy: float
    low: float
    high: float


@dataclass(frozen=True)
class Material:
    """A study as it stood at one moment, and what was made of it since.

    Args:
        view: what the study's pictures are drawn from; None where nothing is to be drawn.
        comparisons: studies of repeats of this one, in the same storage; of several that compare
            the same, the one with most repeats.
        tests: evaluations on the test split, best first.
        ladders: what `orchestrator attack` found, by norm and epsilon, newest first.
        openings: how often the test split was opened for this study.
        running: whether somebody runs its trials right now.
        place: options that a command needs to find the study, such as ` --storage URL`.
        now: Unix seconds.
    """

    result: SearchResult
    view: StudyView | None = None
    comparisons: tuple[Comparison, ...] = ()
    tests: tuple[OnTest, ...] = ()
    ladders: tuple[StudyAttack, ...] = ()
    openings: int = 0
    running: bool = False
    place: str = ""
    now: float = field(default_factory=time.time)

    @property
    def spec(self) -> StudySpec:
        """What was decided when the study was made."""
        return self.result.spec

    @property
    def trials(self) -> tuple[TrialResult, ...]:
        """All of them, by number."""
        return self.result.results

    @cached_property
    def ranked(self) -> tuple[TrialResult, ...]:
        """Finished trials, best first; those that break a constraint last."""
        return self.result.ranked

    @cached_property
    def best(self) -> TrialResult | None:
        """The best finished trial that holds all constraints."""
        return self.result.best

    @cached_property
    def done(self) -> int:
        """Trials that count towards the number wanted."""
        return sum(trial.counts for trial in self.trials)

    @property
    def metric(self) -> str:
        """The first objective: what trials are ranked by."""
        return self.spec.objectives[0].metric

    @property
    def maximize(self) -> bool:
        """Whether more of it is better."""
        return self.spec.objectives[0].direction == "maximize"

    @cached_property
    def groups(self) -> Mapping[str, TrialResult]:
        """The best trial of each backbone, best first; empty where there are fewer than two."""
        found: dict[str, TrialResult] = {}
        if not self.spec.has_images or self.spec.comparison is not None:
            return found
        for trial in self.ranked:
            name = trial.config.get("backbone")
            if name is not None and not self.result.broken(trial):
                found.setdefault(str(name), trial)
        return found if len(found) > 1 else {}

    @cached_property
    def close(self) -> tuple[TrialResult, ...]:
        """The few that are looked at closely: the best of each backbone, then the best of all."""
        in_order = (*self.groups.values(), *self.ranked)
        kept = list(dict.fromkeys(trial.number for trial in in_order))[:MOST_CLOSE]
        return tuple(trial for trial in self.ranked if trial.number in kept)

    @cached_property
    def files(self) -> Mapping[int, TrialFiles]:
        """What lies in the folders of `close`, by number."""
        from orchestrator.tracking.files import read_files

        return {trial.number: read_files(trial) for trial in self.close}


def read_material(
    name: str | None = None, *, storage: str | None = None, running: bool | None = None
) -> Material:
    """Everything that is known of a study.

    Args:
        running: whether somebody runs it (default: it is looked up).

    Raises:
        UsageError: there is no such study, or none at all.
        UnavailableError: the storage cannot be opened.
    """
    from orchestrator.attacking.files import read_attacks
    from orchestrator.evaluating.openings import KEY
    from orchestrator.pictures.view import study_view
    from orchestrator.study import store
    from orchestrator.study.ending import is_driven
    from orchestrator.study.loading import load_study
    from orchestrator.study.uris import storage_uri

    result = load_study(name, storage=storage)
    opened = store.open_storage(storage_uri(storage))
    study = store.load_study(opened, result.study)
    return Material(
        result=result,
        view=study_view(study, result.spec),
        comparisons=_comparisons(opened, result.study),
        tests=_tests(result),
        ladders=read_attacks(result.spec.folder),
        openings=sum(key.startswith(KEY) for key in study.user_attrs),
        running=is_driven(study, result.spec) if running is None else running,
        place=_place(result.storage),
    )


def _comparisons(opened: optuna.storages.RDBStorage, source: str) -> tuple[Comparison, ...]:
    """Comparisons of `source` that have come to two means, of arms that were measured alike."""
    import optuna

    from orchestrator.comparing import check_repeats, read_comparison
    from orchestrator.study.reading import read_trials
    from orchestrator.study.spec import SPEC_KEY
    from orchestrator.study.store import load_study, read_spec
    from search_spaces.errors import UsageError

    found = []
    for summary in optuna.get_all_study_summaries(opened, include_best_trial=False):
        held = (summary.user_attrs.get(SPEC_KEY) or {}).get("comparison") or {}
        if held.get("source") == source:
            study = load_study(opened, summary.study_name)
            spec = read_spec(study)
            trials = read_trials(study)
            try:
                check_repeats(trials, spec)
            except UsageError:  # `orchestrator compare` says why
                continue
            comparison = read_comparison(trials, spec)
            found += [comparison] if len(comparison.arms) > 1 else []
    found.sort(key=lambda each: each.repeats)
    return tuple({(each.by, each.metric): each for each in found}.values())


def _tests(result: SearchResult) -> tuple[OnTest, ...]:
    """Of each finished trial that `orchestrator evaluate` held against the test split."""
    found = []
    for trial in result.results:
        held = _read(Path(trial.folder) / _TEST) if trial.folder else None
        if trial.state == "finished" and held is not None:
            names = ("accuracy", "accuracy_low", "accuracy_high")
            shares = [share for name in names if isinstance(share := held.get(name), float)]
            if held.get("count") and len(shares) == len(names):
                found.append(OnTest(trial, int(held["count"]), *shares))
    return tuple(sorted(found, key=lambda each: -each.accuracy))


def _read(path: Path) -> Mapping[str, Any] | None:
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return held if isinstance(held, dict) else None


def _place(storage: str) -> str:
    """Nothing for the file that a command looks for by itself in the study's working folder."""
    from orchestrator.study.uris import sqlite_path

    path = sqlite_path(storage)
    return "" if path is not None and path.name == "optuna.db" else f" --storage {storage}"
