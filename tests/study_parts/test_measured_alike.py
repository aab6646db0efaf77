"""Figures under attack of one study, of its warm starts and of its arms: alike, or refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from orchestrator.comparing.likeness import check_arms, check_repeats
from orchestrator.study.facts import TrialFacts
from orchestrator.study.measured_alike import (
    attack_spec,
    check_one_attack,
    check_space,
    provenance_differences,
    specification_differences,
)
from orchestrator.study.spec import ArmSpec, ComparisonSpec, ConditionSpec, ObjectiveSpec, StudySpec
from orchestrator.study.warm_start import check_warm_start
from search_spaces.errors import UsageError
from trainables.attacks.pgd import PGD
from trainables.config import TrialConfig

BASE = {"attack": "pgd:steps=10", "eps_255": [0, 4, 8], "robust_size": 100}


def spec(*metrics: str, **changes: Any) -> StudySpec:
    fields: dict[str, Any] = {
        "name": "here", "space": "robust", "space_version": 1, "space_question": "?",
        "objectives": [ObjectiveSpec(metric=name) for name in metrics], "trials": 3, "seed": 0,
        "base_config": BASE, "folder": "/nowhere", "tracking_uri": "", "experiment": "",
        "created": 0.0, "attack": attack_spec("pgd:steps=10", (0, 4, 8), 100), **changes,
    }  # fmt: skip
    return StudySpec.model_validate(fields)


def test_a_specification_is_json_and_has_the_attacks_version() -> None:
    held = attack_spec("pgd:steps=10", (0, 4, 8), 100)
    assert json.loads(json.dumps(held)) == held
    assert held["attack_version"] == PGD.version
    assert attack_spec("none", (0,), 100) == {"name": "none", "eps_255": [0], "images": 100}


LESS = attack_spec("pgd:steps=10", (0, 4, 8), 50)
FGSM = attack_spec("fgsm", (0, 4, 8), 100)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (attack_spec("pgd:steps=10", (0, 4, 8), 100), ""),
        ({**attack_spec("pgd:steps=10", (0, 4, 8), 100), "eps_255": (0, 4, 8)}, ""),
        (LESS, "the number of attacked images: 50 and 100"),
        (FGSM, "the attack: fgsm and pgd:steps=10"),
        (attack_spec("pgd:steps=10", (0, 8), 100), "the epsilons, in 1/255: 0, 8 and 0, 4, 8"),
        ({**attack_spec("pgd:steps=10", (0, 4, 8), 100), "attack_version": 99},
         f"the attack's version: 99 and {PGD.version}"),
        ({}, "the attack: not said in one of them"),
    ],
)  # fmt: skip
def test_a_warm_start_of_another_attack_is_refused(other: dict[str, Any], words: str) -> None:
    here = spec("val_acc", "robust_score")
    assert specification_differences(other, here.attack) == words
    there = spec("val_acc", "robust_score", name="there", attack=other)
    if not words:
        check_warm_start(there, here)
        return
    with pytest.raises(UsageError) as caught:
        check_warm_start(there, here)
    assert f"there differs in how trials are attacked ({words})" in str(caught.value)


def _config(**changes: Any) -> dict[str, Any]:
    return TrialConfig.model_validate({**BASE, **changes}).model_dump(mode="json")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"attack": "fgsm"}, "the attack: pgd:steps=10 and fgsm"),
        ({"eps_255": (0, 2, 8)}, "0, 4, 8 and 0, 2, 8"),
        ({"robust_size": 50}, "the number of attacked images: 100 and 50"),
    ],
)
def test_a_trial_is_attacked_as_its_study_is(change: dict[str, Any], words: str) -> None:
    check_one_attack(spec("robust_score"), _config(lr=0.1, seed=4))
    bound = ConditionSpec(metric="robust_acc", op=">=", bound=0.1)
    for ranked in (
        spec("robust_score"),
        spec("val_acc", constraints=(bound,)),
        spec("val_acc", target=bound),
    ):
        with pytest.raises(UsageError, match="All trials of a study are attacked alike") as caught:
            check_one_attack(ranked, _config(**change))
        assert words in str(caught.value)
    check_one_attack(spec("val_acc"), _config(**change))  # nothing is ranked by it
    check_one_attack(spec("robust_score", trainable="my:own"), change)


def test_a_space_does_not_search_the_attack_that_it_ranks_by() -> None:
    check_space({"lr", "adversarial"}, ["val_acc", "robust_score"])
    check_space({"lr", "attack"}, ["val_acc"])
    with pytest.raises(UsageError, match=r"robust_score is compared under one attack.*eps_255"):
        check_space({"lr", "eps_255"}, ["val_acc", "robust_score"])


def _arm(**overrides: Any) -> ArmSpec:
    return ArmSpec(of=0, label="", overrides=overrides)


def test_arms_of_unlike_attacks_are_refused_before_they_run() -> None:
    arms = {"a": _arm(lr=0.1), "b": _arm(attack="fgsm")}
    with pytest.raises(UsageError) as caught:
        check_arms(arms, spec("val_acc"), ["robust_score"])
    assert "robust_score of a and b" in str(caught.value)
    assert "the attack: pgd:steps=10 and fgsm" in str(caught.value)
    assert "--metric val_acc" in str(caught.value)
    check_arms(arms, spec("val_acc"), ["val_acc"])
    check_arms({"a": _arm(lr=0.1), "b": _arm(eps_255=[0, 4, 8])}, spec("val_acc"), ["robust_acc"])


PROVENANCE = {"attack": "pgd10", "seed": 5, "sample_digest": "s", "precision": "float32"}


def _trial(folder: Path, number: int, arm: str, repeat: int, **changes: Any) -> TrialFacts:
    place = folder / str(number)
    place.mkdir()
    held = {"robustness": {"provenance": {**PROVENANCE, "seed": repeat, **changes}}}
    (place / "report.json").write_text(json.dumps(held))
    params = {"arm": arm, "repeat": repeat}
    return TrialFacts(number, "finished", arm, params=params, folder=str(place))


def test_repeats_of_unlike_measurements_are_refused_afterwards(tmp_path: Path) -> None:
    comparison = ComparisonSpec(source="s", by="lr", arms={}, repeats=2, tuned=1)
    held = spec("robust_score", comparison=comparison)
    alike = [
        _trial(tmp_path, number, arm, repeat)
        for number, (arm, repeat) in enumerate([("a", 0), ("b", 0), ("a", 1), ("b", 1)])
    ]
    check_repeats(alike, held)  # two repeats differ in their seed, arms of one do not
    other = _trial(tmp_path, 4, "c", 1, precision="bfloat16", sample_digest="t")
    with pytest.raises(UsageError) as caught:
        check_repeats([*alike, other], held)
    assert "robust_score of a and c (trials 2 and 4 of here)" in str(caught.value)
    assert "the arithmetic: float32 and bfloat16" in str(caught.value)
    assert "the attacked images: s and t" in str(caught.value)
    check_repeats([*alike, other], spec("val_acc", comparison=comparison))
    gone = TrialFacts(9, "finished", "d", params={"arm": "d", "repeat": 1}, folder="/nowhere")
    check_repeats([*alike, gone], held)  # nothing is known of it here
    ignoring = ("seed", "sample_digest", "precision")
    assert provenance_differences(alike[0], other, ignoring=ignoring) == ""
