"""What is compared: the best configuration of each group of a study's trials.

Each group is given the same tuning budget: a sampler goes on with what wins, and the best of forty
trials is better than the best of four even where the groups are equal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.study.facts import TrialFacts
from orchestrator.study.ranking import best
from orchestrator.study.spec import ArmSpec, LeftOut, StudySpec
from search_spaces.errors import UnknownNameError, UsageError

MOST_GROUPS = 20
# Each repeat has its own; where a trial ran does not matter.
_OWN = frozenset({"seed", "split_seed", "data_dir", "weights_dir", "device", "threads"})


@dataclass(frozen=True)
class Chosen:
    """What is compared.

    Args:
        arms: by the value that they stand for, in the order in which the search met them.
        tuned: finished trials that each is the best of.
        left_out: groups that have none, with the reason.
        first_seed: beyond every seed and split seed of the search: a space may draw them, too.
    """

    arms: Mapping[str, ArmSpec]
    tuned: int
    left_out: tuple[LeftOut, ...]
    first_seed: int


def choose_arms(trials: Sequence[TrialFacts], spec: StudySpec, by: str) -> Chosen:
    """The best trial of each value of `by`, among as many of each as the smallest group has.

    Raises:
        UsageError: `by` is nothing that a few values of tell trials apart; fewer than two arms.
    """
    groups = _groups([trial for trial in trials if trial.counts], by)
    budget = min(len(group) for group in groups.values())
    arms: dict[str, ArmSpec] = {}
    left_out = []
    for name, group in groups.items():
        found = best(sorted(group, key=lambda trial: trial.number)[:budget], spec)
        if found is None:
            reason = f"none of its first {budget} trials finished with a value"
            left_out.append(LeftOut(backbone=name, reason=reason))
        else:
            changes = _overrides(found.config, spec)
            arms[name] = ArmSpec(of=found.number, label=found.label, overrides=changes)
    if len(arms) < 2:
        hint = "Let the search go on first: orchestrator resume STUDY --add-trials N"
        rule = f"A comparison by {by} needs two values of it with a finished trial each."
        raise UsageError(rule, got=", ".join(arms) or "none", hint=hint)
    return Chosen(arms, budget, tuple(left_out), _unused_seed(trials))


def arms_of(
    chosen: Mapping[str, TrialFacts], trials: Sequence[TrialFacts], spec: StudySpec
) -> Chosen:
    """These trials, each by the name that it is to have.

    Args:
        trials: all of the search, whose seeds the repeats keep clear of.
    """
    arms = {
        name: ArmSpec(of=trial.number, label=trial.label, overrides=_overrides(trial.config, spec))
        for name, trial in chosen.items()
    }
    tuned = sum(trial.counts for trial in trials)
    return Chosen(arms, tuned, (), _unused_seed(trials))


def _unused_seed(trials: Sequence[TrialFacts]) -> int:
    return 1 + max(int(t.config.get(name, 0)) for t in trials for name in ("seed", "split_seed"))


def untuned(trials: Sequence[TrialFacts], by: str, each: int) -> list[dict[str, Any]]:
    """Points that are missing until every value of `by` has `each` finished trials.

    Raises:
        UsageError: as `choose_arms`.
    """
    groups = _groups([trial for trial in trials if trial.counts], by)
    values = {_name(trial.params.get(by)): trial.params.get(by) for trial in trials}
    short = {name: max(0, each - len(group)) for name, group in groups.items()}
    return [{by: values[name]} for n in range(each) for name in groups if n < short[name]]


def _groups(trials: Sequence[TrialFacts], by: str) -> dict[str, list[TrialFacts]]:
    fields = {name for trial in trials for name in (*trial.params, *trial.config)}
    if not trials:
        raise UsageError("Only a study with finished trials can be compared.", got="none")
    if by not in fields:
        raise UnknownNameError("parameter of this study", by, _tells_apart(trials))
    groups: dict[str, list[TrialFacts]] = {}
    for trial in trials:
        value = trial.params.get(by, trial.config.get(by))
        if value is not None:
            groups.setdefault(_name(value), []).append(trial)
    if not 2 <= len(groups) <= MOST_GROUPS:
        rule = f"Trials are compared by something of which they have 2 to {MOST_GROUPS} values."
        told = ", ".join(_tells_apart(trials)) or "nothing"
        hint = f"Of this study that is {told}."
        raise UsageError(rule, got=f"{by} with {len(groups)}", hint=hint)
    return groups


def _tells_apart(trials: Sequence[TrialFacts]) -> list[str]:
    """Parameters of which the trials have a few values."""
    names = dict.fromkeys(name for trial in trials for name in trial.params)
    counts = {name: len({_name(trial.params.get(name)) for trial in trials}) for name in names}
    return [name for name, count in counts.items() if 2 <= count <= MOST_GROUPS]


def _name(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _overrides(config: Mapping[str, Any], spec: StudySpec) -> dict[str, Any]:
    base = spec.base_config
    return {
        name: value
        for name, value in config.items()
        if name not in _OWN and (name not in base or base[name] != value)
    }
