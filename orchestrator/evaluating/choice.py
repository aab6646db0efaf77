"""Which trial of a study is meant: the best, or the one of a number; it must have ended well."""

from __future__ import annotations

from orchestrator.results import TrialResult
from orchestrator.study.ranking import best
from orchestrator.study.spec import StudySpec
from search_spaces.errors import UsageError


def chosen_trial(
    trials: tuple[TrialResult, ...], spec: StudySpec, number: int | None
) -> TrialResult:
    """The trial of that number, None for the best; what was answered is the one answered from.

    Raises:
        UsageError: there is none, or it is not finished; names the nearest that is.
    """
    return _finished(_chosen(trials, spec, number), trials, spec)


def _chosen(trials: tuple[TrialResult, ...], spec: StudySpec, number: int | None) -> TrialResult:
    if number is None:
        chosen = best(trials, spec)
        if chosen is None:
            rule = f"{spec.name} has no finished trial that holds all constraints."
            raise UsageError(rule, hint=f"Name one: {spec.name}/NUMBER")
        return chosen
    if number >= len(trials):
        rule = f"The trials of {spec.name} have the numbers 0 to {len(trials) - 1}."
        raise UsageError(rule if trials else f"{spec.name} has no trial yet.", got=number)
    return trials[number]


def _finished(trial: TrialResult, trials: tuple[TrialResult, ...], spec: StudySpec) -> TrialResult:
    """The trial itself, or the one that it was answered from."""
    if trial.origin == "warm_start":
        rule = f"Trial {trial.number} of {spec.name} is a warm start: it ran in another study."
        raise UsageError(rule, hint=f"Evaluate that one: {trial.of}")
    if trial.repeat and trial.of.isdecimal():
        return _finished(trials[int(trial.of)], trials, spec)
    if trial.state != "finished":
        done = [each.number for each in trials if each.state == "finished"]
        nearest = min(done, key=lambda n: abs(n - trial.number), default=None)
        hint = "" if nearest is None else f"The nearest finished one: {spec.name}/{nearest}"
        raise UsageError(
            f"Only a finished trial can be evaluated, and trial {trial.number} is {trial.state}.",
            hint=hint,
        )
    return trial
