"""`StudyView`: what all pictures are drawn from, read from the study once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from orchestrator.pictures.sessions import SearchTime, search_time
from orchestrator.study.facts import TrialFacts, read_facts
from orchestrator.study.pareto import feasible, scored
from orchestrator.study.spec import StudySpec
from search_spaces.exploring import Parameter

if TYPE_CHECKING:
    import optuna
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

    from orchestrator.pictures.fanova import Importances


@dataclass(frozen=True)
class StudyView:
    """A study at one moment.

    Args:
        trials: all of them, by number.
        parameters: by name, in the order of their first use, with the range in which the study's
            trials lie.
        now: Unix seconds up to which running trials are drawn; None: the last moment that the
            study knows of, so that the pictures of a study that rests stay the same.
    """

    spec: StudySpec
    trials: tuple[TrialFacts, ...]
    parameters: Mapping[str, Parameter]
    now: float | None = None

    @cached_property
    def scored(self) -> tuple[TrialFacts, ...]:
        """Finished trials with a finite value of each objective; no answered duplicates."""
        return scored(self.trials, self.spec)

    @cached_property
    def runs(self) -> tuple[TrialFacts, ...]:
        """Trials that ran, or run, here: no repeats, no warm starts, none that waits."""
        return tuple(
            trial
            for trial in self.trials
            if trial.started is not None
            and trial.state != "waiting"
            and trial.origin != "warm_start"
            and not trial.repeat
        )

    @cached_property
    def time(self) -> SearchTime:
        """The wall clock of the search, without the breaks between its sessions."""
        return search_time(self.runs, self.now)

    @cached_property
    def varied(self) -> tuple[Parameter, ...]:
        """Parameters with more than one possible value, among those of scored trials."""
        held = {name for trial in self.scored for name in trial.params}
        return tuple(
            each for name, each in self.parameters.items() if name in held and several(each)
        )

    @cached_property
    def importances(self) -> Importances | None:
        """By `fanova.importances`, once: several pictures ask, and a forest takes seconds."""
        from orchestrator.pictures.fanova import importances

        return importances(self)

    def holds(self, trial: TrialFacts) -> bool:
        """Whether the trial holds all constraints."""
        return feasible(trial, self.spec)

    def last_gate_value(self, trial: TrialFacts) -> float | None:
        """Where a trial that was stopped early had come to, if that is the one objective."""
        spec = self.spec
        measured = spec.gate or spec.objectives[0]
        if trial.state != "pruned" or not trial.steps or list(spec.objectives) != [measured]:
            return None
        value = trial.steps[max(trial.steps)]
        return value if math.isfinite(value) else None


def study_view(study: optuna.Study, spec: StudySpec, now: float | None = None) -> StudyView:
    """Read the study once."""
    frozen = study.get_trials(deepcopy=False)
    trials = tuple(read_facts(trial) for trial in frozen)
    return StudyView(spec, trials, _parameters(frozen), now)


def several(parameter: Parameter) -> bool:
    """Whether there is anything to choose."""
    if parameter.choices is not None:
        return len(parameter.choices) > 1
    return parameter.high > parameter.low


def _parameters(trials: list[FrozenTrial]) -> dict[str, Parameter]:
    """Ranges over all trials: those of a warm start may have had wider ones."""
    found: dict[str, Parameter] = {}
    for trial in trials:
        for name, distribution in trial.distributions.items():
            here = _parameter(name, distribution)
            known = found.get(name)
            found[name] = here if known is None or known == here else _wider(known, here)
    return found


def _parameter(name: str, distribution: BaseDistribution) -> Parameter:
    from optuna.distributions import CategoricalDistribution, IntDistribution

    if isinstance(distribution, CategoricalDistribution):
        return Parameter(name, choices=tuple(distribution.choices))
    low, high, log = (getattr(distribution, each) for each in ("low", "high", "log"))
    return Parameter(
        name, low=low, high=high, log=log, integer=isinstance(distribution, IntDistribution)
    )


def _wider(one: Parameter, other: Parameter) -> Parameter:
    if one.choices is not None or other.choices is not None:
        choices = dict.fromkeys((*(one.choices or ()), *(other.choices or ())))
        return Parameter(one.name, choices=tuple(choices))
    return Parameter(
        one.name,
        low=min(one.low, other.low),
        high=max(one.high, other.high),
        log=one.log and other.log,
        integer=one.integer and other.integer,
    )
