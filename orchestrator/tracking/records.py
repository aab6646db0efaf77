"""What a study holds of itself and its trials, read once a pass as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import optuna

from orchestrator.study.facts import TrialFacts, read_facts
from orchestrator.study.pareto import broken
from orchestrator.study.ranking import ranked, reaches
from orchestrator.study.spec import ObjectiveSpec, StudySpec
from orchestrator.study.store import load_study, open_storage, read_spec

_OVER = ("finished", "pruned", "failed")
_STAND_FOR = ("successor", "retry")


def is_over(trial: TrialFacts) -> bool:
    """Whether nothing of it will change any more; a stopped one goes on some day."""
    return trial.state in _OVER


def folder_of(trial: TrialFacts) -> Path | None:
    """Where the files of its newest attempt lie; None where it never came to a folder."""
    return Path(trial.folder) if trial.folder else None


@dataclass(frozen=True)
class StudyRecord:
    """A study as it stood when it was read.

    Args:
        facts: all its trials, by number.
    """

    spec: StudySpec
    facts: tuple[TrialFacts, ...] = ()

    @cached_property
    def trials(self) -> tuple[TrialFacts, ...]:
        """Those that have a run of their own: that started here, and warm starts did not."""
        return tuple(trial for trial in self.facts if _has_run(trial))

    @property
    def warm(self) -> tuple[TrialFacts, ...]:
        """Trials of other studies that the sampler was taught with."""
        return tuple(trial for trial in self.facts if trial.origin == "warm_start")

    @cached_property
    def followers(self) -> Mapping[int, TrialFacts]:
        """The trial that stands for another one now, by that one's number."""
        kept = [t for t in self.facts if t.origin in _STAND_FOR and not t.repeat]
        return {int(trial.of): trial for trial in kept if trial.of.isdigit()}

    @property
    def objective(self) -> ObjectiveSpec:
        """The first objective: what trials are ranked by."""
        return self.spec.objectives[0]

    @cached_property
    def ranked(self) -> tuple[TrialFacts, ...]:
        """Finished trials, best first; those that break a constraint last."""
        return ranked(self.facts, self.spec)

    @cached_property
    def places(self) -> Mapping[int, int]:
        """Place in the ranking, 1 for the best, by number."""
        return {trial.number: place for place, trial in enumerate(self.ranked, 1)}

    def broken(self, trial: TrialFacts) -> tuple[str, ...]:
        """The constraints that a finished trial does not hold."""
        return broken(trial, self.spec) if trial.state == "finished" else ()

    @cached_property
    def settled(self) -> int:
        """Trials that count towards the number wanted."""
        return sum(trial.counts for trial in self.facts)

    @property
    def is_done(self) -> bool:
        """Whether the search has all the trials it was to have, or reached its target."""
        if self.settled >= self.spec.trials:
            return True
        return any(reaches(trial, self.spec.target) for trial in self.facts)


class StudyReader:
    """Reads one study again and again; what has ended is read once.

    Args:
        storage: an Optuna storage URL.
        study: the study's name.

    Raises:
        UnknownNameError: there is no such study.
        UsageError: the study was not made by this project.
        UnavailableError: the storage cannot be opened.
    """

    def __init__(self, storage: str, study: str) -> None:
        self.study: optuna.Study = load_study(open_storage(storage), study)
        self.spec = read_spec(self.study)
        self._over: dict[int, TrialFacts] = {}

    def read(self) -> StudyRecord:
        """The study as it stands now; `spec` is read anew, since trials may be added."""
        self.spec = read_spec(self.study)
        trials = self.study.get_trials(deepcopy=False)
        return StudyRecord(self.spec, tuple(self._facts(trial) for trial in trials))

    def _facts(self, trial: optuna.trial.FrozenTrial) -> TrialFacts:
        known = self._over.get(trial.number)
        if known is not None:
            return known
        facts = read_facts(trial)
        if is_over(facts):
            self._over[trial.number] = facts
        elif facts.state == "running":
            # The end of an earlier attempt is no fact of the one that runs now.
            facts = replace(facts, ended=None, reason="")
        return facts


def _has_run(trial: TrialFacts) -> bool:
    if trial.origin == "warm_start" or trial.state == "waiting":
        return False
    return is_over(trial) or bool(trial.folder)
