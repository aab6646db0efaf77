"""`pgd:steps=50,norm=l2`: attacks as people type them, their labels, and what is refused."""

from __future__ import annotations

import subprocess
import sys

import pytest

from search_spaces.errors import UnknownNameError, UsageError
from trainables.attacks import ATTACKS
from trainables.attacks.making import attack_as_typed, make_attack
from trainables.attacks.option import options_of
from trainables.attacks.pgd import PGD


def test_options_are_read_and_the_others_stay_at_their_default() -> None:
    made = make_attack("pgd:steps=50, restarts=10,step_255=1.5,norm=l2,random_start=yes", seed=4)
    assert made == PGD(steps=50, restarts=10, step_255=1.5, norm="l2", random_start=True, seed=4)
    assert make_attack("pgd") == PGD(steps=10, step_255=None, restarts=1, norm="linf", seed=0)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("fgsm", "fgsm"),
        ("fgsm:norm=l2", "fgsm_l2"),
        ("pgd", "pgd10"),
        ("pgd:steps=50,restarts=10", "pgd50"),
        ("pgd:steps=50,norm=l2", "pgd50_l2"),
        ("apgd_ce", "apgd"),
        ("apgd_t", "apgd_t"),
        ("square:queries=100", "square"),
        ("ensemble:norm=l2", "ensemble_l2"),
    ],
)
def test_figures_are_called_after_the_attack(text: str, label: str) -> None:
    assert make_attack(text).label == label


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("pgd:steps=10", "pgd"),
        (" pgd : norm=linf , steps=50 ", "pgd:steps=50"),
        ("pgd:steps=50,norm=l2", "pgd:norm=l2,steps=50"),
        ("pgd:random_start=no,step_255=0.50", "pgd:step_255=0.5,random_start=false"),
    ],
)
def test_one_meaning_is_written_in_one_way(text: str, written: str) -> None:
    assert attack_as_typed(text) == written
    assert make_attack(written) == make_attack(text)


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("pdg", UnknownNameError, "Did you mean 'pgd'"),
        ("pgd:step=5", UnknownNameError, "option of the attack pgd 'step'"),
        ("pgd:norm=l3", UnknownNameError, "there are: l2, linf"),
        ("pgd:steps", UsageError, "written NAME=VALUE"),
        ("pgd:steps=5,steps=6", UsageError, "given once"),
        (
            "pgd:steps=0",
            UsageError,
            "a whole number from 1 to 10000. Got: 0. The nearest valid value is 1",
        ),
        ("pgd:steps=2.5", UsageError, "whole number"),
        ("pgd:steps=many", UsageError, "whole number"),
        ("pgd:step_255=nan", UsageError, "a number from 0.0001 up"),
        ("pgd:random_start=maybe", UsageError, "true or false"),
        ("square:p=1.5", UsageError, "from 0.001 to 1. Got: 1.5. The nearest valid value is 1"),
        ("fgsm:steps=3", UnknownNameError, "option of the attack fgsm"),
    ],
)
def test_a_mistake_is_told_with_the_rule(text: str, error: type[UsageError], words: str) -> None:
    with pytest.raises(error) as caught:
        make_attack(text)
    assert words in str(caught.value)


def test_options_out_of_range_are_refused_in_python_too() -> None:
    with pytest.raises(UsageError, match="steps must be a whole number"):
        PGD(steps=0)


@pytest.mark.parametrize("name", ATTACKS.names())
def test_every_option_says_what_it_does(name: str) -> None:
    found = options_of(ATTACKS.get(name))
    assert {"norm", "max_passes", "max_seconds"} <= set(found)
    assert all(each.sentence and each.range for each in found.values())


def test_names_are_known_without_torch() -> None:
    code = (
        "import sys; from trainables.attacks import ATTACKS; ATTACKS.names(); "
        "import trainables.attacks.making, trainables.attacks.comparing; "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
