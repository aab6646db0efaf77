"""Unlike robustness figures are not compared, and the difference is named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from attack_parts import SmallNet, measure

from search_spaces.errors import UsageError
from trainables.attacks.base import Attack
from trainables.attacks.comparing import comparable, differences
from trainables.attacks.making import make_attack

Digits = tuple[np.ndarray, np.ndarray]


@pytest.fixture(scope="module")
def provenance(trained: SmallNet, digits: Digits) -> Any:
    """Of a measurement: `provenance("pgd:steps=2", eps, first image)`."""

    def measured(
        text: str = "pgd:steps=2", eps: tuple[float, ...] = (0, 4), first: int = 0, seed: int = 0
    ) -> dict[str, Any]:
        rows = slice(first, first + 20)
        attack = make_attack(text, seed=seed)
        curve = measure(trained, digits[0][rows], digits[1][rows], eps, attack=attack).curve
        return {**curve.provenance, "precision": "float32", "input_size": 16}

    return measured


def test_equal_measurements_of_different_models_are_comparable(provenance: Any) -> None:
    one = provenance()
    other = {
        **one, "forward_images": 1, "torch": "9.9", "zero_gradient_share": 0.3, "warnings": ["!"],
        "input_size": 224,
    }  # fmt: skip
    written = {**other, "eps_255": list(one["eps_255"])}  # a list once it has been in a file
    assert differences(one, other) == differences(one, written) == {}
    comparable(one, other)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"text": "pgd:steps=3"}, "the attack: pgd2 and pgd3; steps: 2 and 3"),
        ({"text": "pgd:steps=2,restarts=2"}, "restarts: 1 and 2"),
        ({"text": "pgd:steps=2,step_255=1"}, "the length of a step, in 1/255: eps/4 and 1"),
        ({"text": "pgd:steps=2,norm=l2"}, "the norm: linf and l2"),
        ({"text": "fgsm"}, "the attack: pgd2 and fgsm"),
        ({"eps": (0, 2, 4)}, "the epsilons, in 1/255: 0, 4 and 0, 2, 4"),
        ({"first": 20}, "the attacked images: "),
        ({"seed": 1}, "the seed: 0 and 1"),
    ],
)
def test_a_difference_is_named(provenance: Any, change: dict[str, Any], words: str) -> None:
    one, other = provenance(), provenance(**change)
    with pytest.raises(UsageError) as caught:
        comparable(one, other)
    assert words in str(caught.value) and "Measure one of them again" in str(caught.value)
    with pytest.raises(UsageError):
        comparable(other, one)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"precision": "bfloat16"}, "precision"),
        ({"resolution": 32}, "resolution"),
        ({"count": 19}, "count"),
        ({"attack_version": 2}, "attack_version"),
        ({"something_new": 1}, "something_new"),  # an attack of somebody else's own options
    ],
)
def test_every_fact_about_the_measurement_counts(
    provenance: Any, change: dict[str, Any], name: str
) -> None:
    assert set(differences(provenance(), {**provenance(), **change})) == {name}


def test_what_may_differ_can_be_said(provenance: Any) -> None:
    one, other = provenance(), provenance(seed=1, first=20)
    comparable(one, other, ignoring=("seed", "sample_digest"))
    with pytest.raises(UsageError, match="the seed") as caught:
        comparable(one, other, ignoring=("sample_digest",))
    assert "attacked images" not in str(caught.value)


def test_an_older_provenance_is_taken_at_its_defaults(provenance: Any) -> None:
    older = {k: v for k, v in provenance("fgsm").items() if k not in ("attack_version", "alarms")}
    assert differences(older, provenance("fgsm")) == {}


def test_the_version_of_an_attack_counts(provenance: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    one = provenance()
    monkeypatch.setattr(Attack, "version", 2)
    assert differences(one, provenance()) == {"attack_version": (1, 2)}
