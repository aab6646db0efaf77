"""Which sampler is taken, and what is said where it cannot do what is asked."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from orchestrator.study.samplers import SAMPLERS, SamplerNeeds, choose_sampler
from orchestrator.study.samplers.auto import CHOICES, auto_choice
from orchestrator.study.samplers.checking import check_sampler
from search_spaces.errors import UnavailableError, UnknownNameError, UsageError
from search_spaces.exploring import Parameter

NUMBER = {"x": Parameter("x", low=0, high=1)}
CHOICE = {"c": Parameter("c", choices=("a", "b"))}
BOTH = NUMBER | CHOICE


@pytest.mark.parametrize(
    ("name", "needs", "chosen"),
    [
        ("auto", {}, "tpe"),
        ("auto", {"objectives": 2}, "tpe"),
        ("auto", {"objectives": 2, "trials": 999}, "tpe"),
        ("auto", {"objectives": 2, "trials": 1000}, "nsga2"),
        ("auto", {"objectives": 2, "trials": 1000, "constrained": True}, "nsga2"),
        ("tpe", {"objectives": 3, "constrained": True, "parameters": BOTH}, "tpe"),
        ("gp", {"objectives": 2, "constrained": True}, "gp"),
        ("cmaes", {"parameters": BOTH}, "cmaes"),
        ("nsga3", {"objectives": 3}, "nsga3"),
        ("random", {"objectives": 4, "constrained": True, "parameters": CHOICE}, "random"),
        ("grid", {"grid": {"x": (0, 1), "c": ("a",)}, "parameters": BOTH}, "grid"),
        ("grid", {"grid": {"x": (0, 1), "gone": (1,)}, "parameters": NUMBER}, "grid"),
    ],
)
def test_what_is_taken(name: str, needs: dict[str, Any], chosen: str) -> None:
    assert choose_sampler(name, SamplerNeeds(seed=0, **needs)) == chosen


@pytest.mark.parametrize(
    ("name", "needs", "words"),
    [
        ("tpee", {}, ["no sampler 'tpee'", "Did you mean 'tpe'?"]),
        ("cmaes", {"objectives": 3}, ["cmaes takes one objective", "Got: 3", "--sampler tpe"]),
        ("cmaes", {"constrained": True}, ["no --constraint", "--sampler tpe"]),
        ("cmaes", {"parameters": CHOICE}, ["choices only", "Got: 'c'", "--sampler tpe"]),
        ("nsga3", {}, ["two objectives or more", "Got: 1", "--sampler nsga2"]),
        ("grid", {}, ["declares the values", "--sampler qmc"]),
        ("grid", {"grid": {"x": (1,)}, "parameters": BOTH}, ["every parameter", "c"]),
        ("grid", {"grid": {"x": (0, 2)}, "parameters": NUMBER}, ["0 to 1", "Got: [2]"]),
        ("grid", {"grid": {"x": ()}, "parameters": NUMBER}, ["a value at least", "'x'"]),
        ("grid", {"grid": {"x": range(1001), "y": range(1000)}}, ["1,000,000", "1,001,000"]),
    ],
)
def test_what_is_refused(name: str, needs: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        choose_sampler(name, SamplerNeeds(seed=0, **needs))
    assert [word for word in words if word not in str(caught.value)] == []


def test_an_unknown_name_lists_all() -> None:
    with pytest.raises(UnknownNameError, match="cmaes, gp, grid, nsga2, nsga3, qmc, random, tpe"):
        choose_sampler("bayes", SamplerNeeds(seed=0))


def test_a_missing_package_is_named() -> None:
    kind = replace(SAMPLERS.get("cmaes"), package="a_package_that_nobody_has")
    with pytest.raises(UnavailableError, match="pip install a_package_that_nobody_has"):
        check_sampler(kind, SamplerNeeds(seed=0))


def test_every_kind_is_what_it_is_registered_as() -> None:
    for name in SAMPLERS:
        kind = SAMPLERS.get(name)
        assert kind.name == name
        assert kind.sentence
        assert kind.instead in SAMPLERS and kind.instead != name


def test_auto_has_a_reason_and_an_answer_for_everything() -> None:
    for objectives in (1, 2, 5):
        for trials in (0, 10, 5000):
            choice = auto_choice(SamplerNeeds(seed=0, objectives=objectives, trials=trials))
            assert choice in CHOICES and choice.reason and choice.name in SAMPLERS


def test_names_are_known_without_optuna() -> None:
    ask = (
        "import sys\n"
        "from orchestrator.study.samplers import SAMPLERS\n"
        "from orchestrator.study.pruners import PRUNERS\n"
        "print(*SAMPLERS, *PRUNERS, 'optuna' in sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, timeout=60)
    names = "auto tpe gp cmaes nsga2 nsga3 random qmc grid median asha hyperband patient none"
    assert ended.stdout.split() == [*names.split(), "False"], ended.stderr
