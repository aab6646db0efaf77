"""Pruners by name: what they are made from, where they may stop, and what is refused."""

from __future__ import annotations

import optuna
import pytest
from optuna.pruners import (
    BasePruner,
    HyperbandPruner,
    MedianPruner,
    NopPruner,
    PatientPruner,
    SuccessiveHalvingPruner,
)

from orchestrator.study.pruners import PRUNERS, PrunerSpec, make_pruner, parse_pruner, rungs
from search_spaces.errors import UnknownNameError, UsageError

ASHA = {"first_rung": 1.0, "reduction": 3.0}


@pytest.mark.parametrize(
    ("text", "name", "options"),
    [
        ("asha", "asha", ASHA),
        ("asha:", "asha", ASHA),
        ("asha:first_rung=2", "asha", ASHA | {"first_rung": 2}),
        (" asha : first_rung = 2 , reduction=4 ", "asha", {"first_rung": 2, "reduction": 4}),
        ("asha:reduction=4.0", "asha", ASHA | {"reduction": 4}),
        ("median", "median", {"startup": 5, "warmup": 1, "interval": 1}),
        ("hyperband:most=27", "hyperband", ASHA | {"most": 27}),
        ("patient:min_delta=0.01,patience=0", "patient", {"patience": 0, "min_delta": 0.01}),
        ("none", "none", {}),
    ],
)
def test_what_people_type(text: str, name: str, options: dict[str, float]) -> None:
    spec = parse_pruner(text)
    assert spec.name == name
    assert {key: spec.options[key] for key in options} == options
    assert set(spec.options) == {option.name for option in PRUNERS.get(name).options}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ashe", ["no pruner 'ashe'", "Did you mean 'asha'?", "hyperband, median, none, patient"]),
        ("asha:rung=2", ["option of the pruner asha", "'rung'", "first_rung"]),
        ("none:patience=2", ["option of the pruner none", "none"]),
        ("asha:first_rung", ["NAME=VALUE", "first_rung=1, reduction=3"]),
        ("asha:first_rung=two", ["a whole number from 1 up", "'two'", "1 by default"]),
        ("asha:first_rung=0", ["a whole number from 1 up", "nearest valid value is 1"]),
        ("asha:first_rung=1.6", ["a whole number", "nearest valid value is 2"]),
        ("asha:reduction=1", ["from 2 up", "nearest valid value is 2"]),
        ("asha:reduction=inf", ["from 2 up", "3 by default"]),
        ("asha:reduction=nan", ["from 2 up", "3 by default"]),
        ("patient:min_delta=-1", ["a number from 0 up", "nearest valid value is 0"]),
        ("asha:first_rung=2,first_rung=3", ["given once"]),
    ],
)
def test_what_is_refused(text: str, words: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        parse_pruner(text)
    assert [word for word in words if word not in str(caught.value)] == []


@pytest.mark.parametrize(
    ("text", "most", "steps"),
    [
        ("asha", 1, ()),
        ("asha", 2, (1,)),
        ("asha", 9, (1, 3)),  # 9 is the whole trial
        ("asha", 10, (1, 3, 9)),
        ("asha:first_rung=2,reduction=4", 40, (2, 8, 32)),
        ("asha:first_rung=5", 5, ()),
        ("hyperband", 27, (1, 3, 9)),
        ("hyperband:most=9", 27, (1, 3)),
        ("none", 100, ()),
    ],
)
def test_rungs(text: str, most: int, steps: tuple[int, ...]) -> None:
    assert rungs(parse_pruner(text), most) == steps


@pytest.mark.parametrize("name", ["median", "patient"])
def test_without_rungs_there_are_no_whole_short_runs(name: str) -> None:
    with pytest.raises(UsageError, match=f"Got: '{name}'.*asha, hyperband"):
        rungs(parse_pruner(name), 10)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("median", MedianPruner),
        ("asha", SuccessiveHalvingPruner),
        ("hyperband", HyperbandPruner),
        ("patient", PatientPruner),
        ("none", NopPruner),
    ],
)
def test_each_is_optunas(name: str, kind: type[BasePruner]) -> None:
    for direction in ("maximize", "minimize"):
        for most in (None, 1, 9):
            made = make_pruner(parse_pruner(name), direction=direction, most_steps=most)
            assert isinstance(made, kind)


def test_options_left_out_of_a_spec_are_the_defaults() -> None:
    assert rungs(PrunerSpec(name="asha"), 10) == (1, 3, 9)
    assert make_pruner(PrunerSpec(name="patient"), direction="maximize", most_steps=None)


@pytest.mark.parametrize(
    ("text", "most", "asked"),
    [
        # Of the steps 1 to 10, reported one by one.
        ("asha", None, [1, 3, 9]),
        ("asha", 9, [1, 3]),
        ("asha:first_rung=2,reduction=2", 10, [2, 4, 8]),
        ("hyperband", 9, [1, 3]),
        ("median", None, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        ("median:warmup=4", 10, [4, 5, 6, 7, 8, 9]),
        ("patient:warmup=8", None, [8, 9, 10]),
        ("none", None, []),
    ],
)
def test_where_it_may_stop_a_trial(text: str, most: int | None, asked: list[int]) -> None:
    pruner = make_pruner(parse_pruner(text), direction="maximize", most_steps=most)
    before = [None, *range(1, 10)]
    found = [step for step in range(1, 11) if pruner.may_stop(before[step - 1], step)]
    assert found == asked


@pytest.mark.parametrize(
    ("before", "step", "asked"),
    [(None, 2, True), (None, 0, False), (1, 2, False), (2, 5, True), (3, 8, False), (4, 20, True)],
)
def test_a_rung_that_was_jumped_over_is_asked_at_the_next_report(
    before: int | None, step: int, asked: bool
) -> None:
    pruner = make_pruner(parse_pruner("asha"), direction="maximize", most_steps=None)
    assert pruner.may_stop(before, step) is asked


def test_asha_has_a_first_rung_of_its_own() -> None:
    """With Optuna's "auto" nothing is stopped before a first finished trial."""
    study = optuna.create_study(direction="maximize")
    pruner = make_pruner(parse_pruner("asha"), direction="maximize", most_steps=None)
    answers = []
    for value in (0.9, 0.1):
        trial = study.ask()
        trial.report(value, 1)
        answers.append(pruner.prune(study, study.get_trials()[trial.number]))
    assert answers == [False, True]


def test_every_kind_is_what_it_is_registered_as() -> None:
    for name in PRUNERS:
        kind = PRUNERS.get(name)
        assert kind.name == name
        assert kind.sentence and all(option.sentence for option in kind.options)


def test_an_unknown_name_lists_all() -> None:
    with pytest.raises(UnknownNameError, match="asha, hyperband, median, none, patient"):
        parse_pruner("wilcoxon")
