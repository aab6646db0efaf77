"""The Pareto front: hand-worked tables, a brute force, and Optuna's own."""

from __future__ import annotations

import io
import math

import numpy as np
import optuna
import pytest
from made_studies import ConditionSpec, facts, made_spec, two_objectives
from rich.console import Console

from orchestrator.study.facts import TrialFacts, read_facts
from orchestrator.study.pareto import pareto_front
from orchestrator.study.spec import ObjectiveSpec, StudySpec
from orchestrator.views.pareto_table import print_front


def _trial(number: int, acc: float, seconds: float, **changes: object) -> TrialFacts:
    metrics = {"val_acc": acc, "train_seconds": seconds, "robust_score": 0.3}
    held = {"values": (acc, seconds), "metrics": metrics}
    return facts(number, **{**held, **changes})


UP_AND_DOWN = two_objectives()


@pytest.mark.parametrize(
    ("values", "front"),
    [
        # accuracy up, seconds down
        ([(0.9, 10), (0.8, 5), (0.7, 7)], (0, 1)),  # 2 is worse than 1 in both
        ([(0.9, 10), (0.9, 10), (0.8, 10)], (0, 1)),  # ties are kept, 2 is worse in one
        ([(0.9, 10), (0.9, 9)], (1,)),  # as good in one, better in the other
        ([(0.9, 10)], (0,)),
        ([], ()),
        ([(0.5, 1), (0.6, 2), (0.7, 3), (0.6, 3)], (0, 1, 2)),  # 3 is beaten by 1 and by 2
        ([(math.nan, 1), (0.5, 2)], (1,)),
        ([(math.inf, 1), (0.5, 2)], (1,)),
    ],
)
def test_a_table_by_hand(values: list[tuple[float, float]], front: tuple[int, ...]) -> None:
    trials = [_trial(number, *pair) for number, pair in enumerate(values)]
    assert pareto_front(trials, UP_AND_DOWN) == front


@pytest.mark.parametrize(
    ("changes", "front"),
    [
        ({}, (0, 1)),
        ({"state": "pruned"}, (1,)),
        ({"state": "running", "values": ()}, (1,)),
        ({"state": "failed", "values": ()}, (1,)),
        ({"repeat": True, "of": "1"}, (1,)),
        ({"origin": "warm_start"}, (0, 1)),
        ({"values": (0.9,)}, (1,)),  # of a study that once had one objective
    ],
)
def test_who_is_looked_at(changes: dict[str, object], front: tuple[int, ...]) -> None:
    trials = [_trial(0, 0.9, 10, **changes), _trial(1, 0.8, 5)]
    assert pareto_front(trials, UP_AND_DOWN) == front


@pytest.mark.parametrize(
    ("robust", "front"),
    [
        (0.3, (0, 1)),  # on the bound: held
        (0.29, (1,)),
        (None, (1,)),  # not measured: not held
        (math.nan, (1,)),
    ],
)
def test_constraints(robust: float | None, front: tuple[int, ...]) -> None:
    spec = two_objectives(constraints=(ConditionSpec(metric="robust_score", op=">=", bound=0.3),))
    metrics = {"val_acc": 0.9, "train_seconds": 10.0}
    if robust is not None:
        metrics["robust_score"] = robust
    trials = [_trial(0, 0.9, 10, metrics=metrics), _trial(1, 0.8, 5), _trial(2, 0.7, 7)]
    assert pareto_front(trials, spec) == front


def _spec(directions: list[str]) -> StudySpec:
    return made_spec(
        objectives=tuple(
            ObjectiveSpec(metric=f"m{place}", direction=direction)  # type: ignore[arg-type]
            for place, direction in enumerate(directions)
        )
    )


def _brute_force(values: np.ndarray, directions: list[str]) -> tuple[int, ...]:
    """By the definition: nobody is at least as good everywhere and better somewhere."""
    signs = np.array([1 if way == "maximize" else -1 for way in directions])
    gains = values * signs
    return tuple(
        i
        for i in range(len(gains))
        if not any(
            (gains[j] >= gains[i]).all() and (gains[j] > gains[i]).any() for j in range(len(gains))
        )
    )


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    "directions", [["maximize", "minimize"], ["maximize", "maximize", "minimize"]]
)
def test_against_a_brute_force_and_optuna(seed: int, directions: list[str]) -> None:
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 8, (40, len(directions))).astype(float)  # with many ties
    study = optuna.create_study(directions=directions)
    for row in values:
        study.add_trial(optuna.trial.create_trial(values=list(row)))
    trials = [read_facts(trial) for trial in study.get_trials(deepcopy=False)]
    front = pareto_front(trials, _spec(directions))
    assert front == _brute_force(values, directions)
    assert front == tuple(sorted(trial.number for trial in study.best_trials))


def _printed(trials: list[TrialFacts], spec: StudySpec) -> str:
    stream = io.StringIO()
    print_front(Console(file=stream, width=120, highlight=False), trials, spec)
    return stream.getvalue()


def test_the_table_names_the_front_and_what_it_was_chosen_from() -> None:
    spec = two_objectives(constraints=(ConditionSpec(metric="robust_score", op=">=", bound=0.3),))
    low = {"val_acc": 0.95, "train_seconds": 1.0, "robust_score": 0.1}
    trials = [
        _trial(0, 0.8, 50),
        _trial(1, 0.9, 100),
        _trial(2, 0.7, 60),
        _trial(3, 0.95, 1, metrics=low),
    ]
    lines = _printed(trials, spec).splitlines()
    assert lines[0].split() == ["#", "trial", "val_acc", "↑", "train_seconds", "↓",
                                "robust_score>=0.3"]  # fmt: skip
    assert lines[1].split() == ["1", "trial", "1", "90.0", "1m40s", "30.0", "held"]
    assert lines[2].split() == ["0", "trial", "0", "80.0", "50s", "30.0", "held"]
    basis = " ".join(" ".join(lines[3:]).split())
    assert basis.startswith("Pareto front: 2 of 4 finished trials;")
    assert "1 left out: they do not hold robust_score>=0.3." in basis


def test_a_front_where_nothing_holds_says_so() -> None:
    spec = two_objectives(constraints=(ConditionSpec(metric="robust_score", op=">=", bound=0.9),))
    text = _printed([_trial(0, 0.8, 50), _trial(1, 0.7, 60)], spec)
    assert text.startswith("No finished trial holds robust_score>=0.9; without that:")
    assert "30.0 not held" in text
    assert "trial 1" not in text


def test_no_front_without_a_finished_trial() -> None:
    text = _printed([facts(0, state="running")], UP_AND_DOWN)
    assert text == "No trial has finished with a value of every objective.\n"
