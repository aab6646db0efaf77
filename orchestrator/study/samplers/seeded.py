"""A sampler whose draws depend on the seed and on the study alone.

Optuna's samplers keep a generator of random numbers in memory: after a restart the same seed
replays the same points (seen with Optuna 5.0, shared/facts.md), and the state of that generator is
in no study. So each draw gets a sampler of its own, seeded from the search's seed and from the
number of draws before it, and is shown the study as if it had never been interrupted. Each
parameter that is drawn by itself has its own stream too: a trial whose driver died between two
parameters keeps the first and draws the same second. What parallel workers draw differs, since each
draw has another number.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from typing import Any, cast

from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from orchestrator.study.samplers.failures import ShowFailures
from orchestrator.study.samplers.needs import SamplerKind, SamplerNeeds
from orchestrator.study.succession import Succession


class SeededSampler(BaseSampler):
    """Draws as `kind` does; see the module's docstring. For one study.

    Args:
        kind: whose `make` is called for each draw.
        needs: of the search.
    """

    def __init__(self, kind: SamplerKind, needs: SamplerNeeds) -> None:
        self._kind, self._needs = kind, replace(needs, known={})
        self._succession = Succession()
        self._merged = 0
        # Asked for the search space only, which Optuna's samplers keep up to date by looking at
        # new trials alone: 2,000 trials anew in each draw would cost more than the draw.
        self._spaces = kind.make(self._needs)

    def __str__(self) -> str:
        return self._kind.name

    def exhausted(self, study: Study) -> str | None:
        """Why there is nothing new to try, in words; None while there is."""
        if self._kind.points is None:
            return None
        self._succession.note(study.get_trials(deepcopy=False))
        points = self._kind.points(self._needs)
        if self._succession.drawn < points:
            return None
        return f"all {points} points of the {self._kind.name} have been tried"

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        view = self._view(study)
        if self._succession.merged != self._merged:  # trials changed behind what it has seen
            self._merged = self._succession.merged
            self._spaces = self._kind.make(self._needs)
        return self._spaces.infer_relative_search_space(view, self._succession.placed(trial))

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        view = self._view(study, without=trial.number)
        drawing = self._drawing(trial)
        return drawing.sample_relative(view, self._succession.placed(trial), search_space)

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        view = self._view(study, without=trial.number)
        drawing = self._drawing(trial, f"/{param_name}")
        return drawing.sample_independent(
            view, self._succession.placed(trial), param_name, param_distribution
        )

    def _view(self, study: Study, without: int | None = None) -> Study:
        self._succession.note(study._get_trials(deepcopy=False, use_cache=True))
        return cast(Study, _StudyView(study, self._succession, without, self._kind.failures))

    def _drawing(self, trial: FrozenTrial, part: str = "") -> BaseSampler:
        draw = self._succession.draw(trial.number)
        place = self._succession.place(trial.number)
        stream = f"given {place}" if draw is None else f"draw {draw}"
        index = self._succession.draws_before(trial.number)
        return self._kind.make(replace(self._needs, draw=index, stream=stream + part))


class _StudyView:
    """A study as a sampler sees it: as if it had never been interrupted.

    Args:
        failures: what it is shown of trials that failed.
        without: the trial that is being drawn. It may have been drawn in part before its driver
            died, and a sampler that found its own parameters there, among those of running trials,
            would keep away from them.
    """

    def __init__(
        self,
        study: Study,
        succession: Succession,
        without: int | None,
        failures: ShowFailures | None,
    ) -> None:
        self._study, self._succession = study, succession
        self._without, self._failures = without, failures

    def __getattr__(self, name: str) -> Any:
        return getattr(self._study, name)

    def _get_trials(
        self,
        deepcopy: bool = True,
        states: Container[TrialState] | None = None,
        use_cache: bool = False,
    ) -> list[FrozenTrial]:
        # As they stood when this trial was asked for: Optuna's TPE reads the database again for
        # each parameter to see who is running, 5 ms on sqlite. No sampler changes the trials.
        del deepcopy, use_cache
        trials = self._study._get_trials(deepcopy=False, use_cache=True)
        shown = self._succession.shown(trials)
        if self._without is not None:
            del shown[self._succession.place(self._without)]
        if self._failures is not None:
            shown = self._failures(shown, self._study.directions)
        return shown if states is None else [trial for trial in shown if trial.state in states]

    def get_trials(
        self, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        return self._get_trials(deepcopy, states)

    @property
    def trials(self) -> list[FrozenTrial]:
        return self._get_trials()
