"""Figures under attack mean the same only under one attack specification: that of the study.

A study's specification is frozen in its spec: attack with its options and version, epsilons, number
of images. Whatever else the figures depend on (sample, seed, arithmetic) stands in each trial's own
provenance, and `provenance_differences` reads it where the trial's files are here.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.study.configs import is_ours
from search_spaces.errors import UsageError
from trainables.attacks import ATTACKS, NO_ATTACK
from trainables.attacks.comparing import differences, told
from trainables.attacks.figures import is_under_attack

if TYPE_CHECKING:
    from orchestrator.study.facts import TrialFacts
    from orchestrator.study.spec import StudySpec

ATTACK_FIELDS = ("attack", "second_attack", "eps_255", "robust_size")
"""Fields of a trial's config that say how it is attacked."""
OF_A_DRAW = ("seed", "sample_digest")
"""What differs between two draws of seed and split, over which means are taken."""


def attack_spec(attack: str, eps_255: Iterable[float], images: int) -> dict[str, Any]:
    """What `StudySpec.attack` holds; JSON values alone, so that a stored one is equal to it."""
    version = {} if attack == NO_ATTACK else {"attack_version": attack_version(attack)}
    return {"name": attack, "eps_255": list(eps_255), "images": images, **version}


def attack_version(attack: str) -> int:
    """Of the registered attack: one more whenever the same options give other images."""
    from search_spaces.options import split_name

    return ATTACKS.get(split_name(attack)[0]).version


def specification_differences(a: Mapping[str, Any], b: Mapping[str, Any]) -> str:
    """What differs between two studies' `attack`, in words; "" where nothing does."""
    if not a or not b:  # of a trainable of one's own
        return "" if a == b else "the attack: not said in one of them"
    return told(differences(_as_provenance(a), _as_provenance(b)))


def _as_provenance(held: Mapping[str, Any]) -> dict[str, Any]:
    names = {"name": "attack", "images": "count"}
    return {names.get(name, name): value for name, value in held.items()}


def goals(spec: StudySpec) -> tuple[str, ...]:
    """Every metric that a study's trials are ranked, bound or stopped by."""
    conditions = (*spec.constraints, *((spec.target,) if spec.target else ()))
    return (*(each.metric for each in spec.objectives), *(each.metric for each in conditions))


def check_one_attack(spec: StudySpec, fields: Mapping[str, Any]) -> None:
    """A trial that is attacked in another way than the study's others cannot be ranked with them.

    Args:
        fields: of the trial's config.

    Raises:
        UsageError: it is, and a goal of the study is a figure under attack; names the difference.
    """
    if not is_ours(spec.trainable) or not any(map(is_under_attack, goals(spec))):
        return
    held = {**spec.base_config, **spec.fixed}
    unlike = config_differences(held, fields)
    if unlike:
        rule = "All trials of a study are attacked alike, else their figures cannot be compared."
        hint = "Search each attack in a study of its own."
        raise UsageError(f"{rule} Not alike: {told(unlike)}.", hint=hint)


def config_differences(
    one: Mapping[str, Any], other: Mapping[str, Any]
) -> dict[str, tuple[Any, Any]]:
    """What two configs that both say how they attack differ in there."""
    return {
        name: (one[name], other[name])
        for name in ATTACK_FIELDS
        if name in one and name in other and _plain(one[name]) != _plain(other[name])
    }


def check_space(parameters: Collection[str], metrics: Iterable[str]) -> None:
    """A space must not search over how its trials are attacked where they are ranked by it.

    Raises:
        UsageError: it does.
    """
    varied = [name for name in ATTACK_FIELDS if name in parameters]
    under = [metric for metric in metrics if is_under_attack(metric)]
    if varied and under:
        rule = f"{under[0]} is compared under one attack, so no parameter may change the attack."
        hint = f"Fix it: --set {varied[0]}=..., or search for other objectives."
        raise UsageError(rule, got=f"parameter {varied[0]}", hint=hint)


def provenance_differences(
    one: TrialFacts, other: TrialFacts, *, ignoring: Collection[str] = ()
) -> str:
    """What the provenance of two trials' robust figures differs in, in words.

    "" where nothing does, or where the files of one of them are not on this machine.
    """
    held = (read_provenance(one), read_provenance(other))
    if held[0] is None or held[1] is None:
        return ""
    return told(differences(held[0], held[1], ignoring=ignoring))


def read_provenance(trial: TrialFacts) -> Mapping[str, Any] | None:
    """Of its robust figures; None where it has none, or its files are not here."""
    try:
        text = (Path(trial.folder) / "report.json").read_text(encoding="utf-8")
        held = (json.loads(text).get("robustness") or {}).get("provenance")
    except (OSError, ValueError, AttributeError):
        return None
    return held if isinstance(held, dict) else None


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
