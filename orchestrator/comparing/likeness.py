"""Arms are compared in a figure under attack only if they were attacked alike.

Told twice: before anything runs, by their configurations; and once repeats have run, by what the
attacks wrote down. Arms of one repeat have its images, seed and arithmetic in common.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orchestrator.study.facts import TrialFacts
from orchestrator.study.measured_alike import (
    ATTACK_FIELDS,
    config_differences,
    provenance_differences,
)
from orchestrator.study.spec import ArmSpec, StudySpec
from search_spaces.errors import UsageError
from trainables.attacks.comparing import told
from trainables.attacks.figures import is_under_attack

_RULE = "can be compared only if they were measured alike. Not alike"


def check_arms(arms: Mapping[str, ArmSpec], source: StudySpec, metrics: Sequence[str]) -> None:
    """Before the repeats run: an arm whose attack is another one than its study's.

    Raises:
        UsageError: a metric is under attack, and two arms are not attacked alike.
    """
    under = [metric for metric in metrics if is_under_attack(metric)]
    if not under or len(arms) < 2:
        return
    base = {**source.base_config, **source.fixed}
    fields = {
        name: {field: arm.overrides.get(field, base.get(field)) for field in ATTACK_FIELDS}
        for name, arm in arms.items()
    }
    first, *others = fields
    for other in others:
        unlike = config_differences(fields[first], fields[other])
        if unlike:
            raise UsageError(
                f"{under[0]} of {first} and {other} {_RULE}: {told(unlike)}.",
                hint="Compare a figure of clean images: --metric val_acc.",
            )


def check_repeats(trials: Sequence[TrialFacts], spec: StudySpec) -> None:
    """Once repeats have run: what their attacks wrote down, repeat by repeat.

    Raises:
        UsageError: the study's first objective is under attack, and two arms of one repeat were
            not measured alike; names them and every difference.
    """
    metric = spec.objectives[0].metric
    if spec.comparison is None or not is_under_attack(metric):
        return
    first: dict[object, TrialFacts] = {}
    for trial in trials:
        if trial.state != "finished":
            continue
        held = first.setdefault(trial.params.get("repeat"), trial)
        unlike = provenance_differences(held, trial)
        if unlike:
            names = (held.params.get("arm"), trial.params.get("arm"))
            raise UsageError(
                f"{metric} of {names[0]} and {names[1]} (trials {held.number} and {trial.number} "
                f"of {spec.name}) {_RULE}: {unlike}.",
                hint="Take the study away and compare again: orchestrator delete " + spec.name,
            )
