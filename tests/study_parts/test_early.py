"""Stopping early: hand-worked tables, Optuna's own `should_prune` as an oracle, and the edges."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import optuna
import pytest
from optuna.pruners import BasePruner
from optuna.trial import TrialState

from orchestrator.study.early import EarlyStopper
from orchestrator.study.facts import read_facts
from orchestrator.study.gate import gate_study
from orchestrator.study.pruners import make_pruner, parse_pruner
from orchestrator.study.queue import enqueue
from orchestrator.study.spec import ObjectiveSpec
from orchestrator.study.store import open_storage

UP = ObjectiveSpec(metric="val_acc", direction="maximize")
DOWN = ObjectiveSpec(metric="val_loss", direction="minimize")

# How a study keeps the gate's values: as its own, beside another objective, beside two.
VIEWS = {"native": ["maximize"], "other": ["minimize"], "two": ["minimize", "maximize"]}


def pruner_of(text: str, gate: ObjectiveSpec = UP, most: int | None = None) -> BasePruner:
    return make_pruner(parse_pruner(text), direction=gate.direction, most_steps=most)


def stopper_of(
    text: str, view: str = "native", gate: ObjectiveSpec = UP
) -> tuple[optuna.Study, EarlyStopper]:
    directions = [gate.direction] if view == "native" else VIEWS[view]
    study = optuna.create_study(directions=directions, study_name="toy")
    return study, EarlyStopper(study, pruner_of(text, gate), gate, native=view == "native")


def finish(trial: optuna.Trial, value: float = 0.5) -> None:
    trial.study.tell(trial, [value] * len(trial.study.directions))


# By hand, first rung 1, one in three goes on. Of n values at a rung the best n // 3 go on, or the
# best one where n < 3; on a par with the last of these is good enough.
ASHA_AT_THE_FIRST_RUNG = [
    # value, goes on, why: the values so far
    (0.50, True),  # alone
    (0.40, False),  # best of 2 is 0.50
    (0.60, True),  # best of 3
    (0.55, False),  # 4 // 3 = 1: 0.60
    (0.60, True),  # on a par with the best of 5
    (0.58, False),  # 6 // 3 = 2: 0.60, 0.60
    (0.70, True),  # best of 7
    (0.60, True),  # 8 // 3 = 2: 0.70, 0.60
    (0.59, False),  # 9 // 3 = 3: 0.70, 0.60, 0.60
]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("gate", [UP, DOWN])
def test_asha_by_hand(view: str, gate: ObjectiveSpec) -> None:
    study, stopper = stopper_of("asha", view, gate)
    sign = 1 if gate is UP else -1
    going = []
    for value, goes_on in ASHA_AT_THE_FIRST_RUNG:
        trial = study.ask()
        assert stopper.report(trial, 1, sign * value).stop is not goes_on, value
        if goes_on:
            going.append(trial)
        else:
            study.tell(trial, state=TrialState.PRUNED)
    assert [trial.number for trial in going] == [0, 2, 4, 6, 7]
    # The second rung is 3, where 5 trials arrive: nobody is asked at 2, where all would be stopped.
    assert [stopper.report(trial, 2, sign * -9).stop for trial in going] == [False] * 5
    at_the_second = [(0.7, False), (0.6, True), (0.8, False), (0.75, True), (0.8, False)]
    for trial, (value, stop) in zip(going, at_the_second, strict=True):
        assert stopper.report(trial, 3, sign * value).stop is stop, value


@pytest.mark.parametrize("view", VIEWS)
def test_median_by_hand(view: str) -> None:
    """Medians of the finished trials: 0.3 at epoch 1, 0.5 at epoch 2."""
    study, stopper = stopper_of("median:startup=3", view)
    for first, second in [(0.1, 0.5), (0.3, 0.4), (0.9, 0.8)]:
        trial = study.ask()
        assert not stopper.report(trial, 1, first).stop
        assert not stopper.report(trial, 2, second).stop
        finish(trial)
    table = [
        ([0.29], [True]),
        ([0.3], [False]),
        ([0.4, 0.2], [False, True]),
        ([0.5, 0.1], [False] * 2),
    ]
    for values, stops in table:
        trial = study.ask()
        found = [stopper.report(trial, step, value).stop for step, value in enumerate(values, 1)]
        assert found == stops, values


REASONS = [
    (
        "asha",
        [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2],
        0.6123,
        "stopped early at epoch 1: val_acc 0.6123 is not among the best third of 9 trials there",
    ),
    ("asha", [0.9], 0.1, "stopped early at epoch 1: val_acc 0.1 is not the best of 2 trials there"),
    (
        "asha:reduction=7",
        [0.9] * 13,
        0.1,
        "stopped early at epoch 1: val_acc 0.1 is not among the best 14 % of 14 trials there",
    ),
    (
        "median:startup=3",
        [0.2, 0.4, 0.6],
        0.3,
        "stopped early at epoch 1: val_acc 0.3 (0.3 at best) is below the median 0.4 "
        "of the 3 finished trials there",
    ),
]


@pytest.mark.parametrize(("text", "before", "value", "reason"), REASONS)
def test_reasons_are_in_words(text: str, before: list[float], value: float, reason: str) -> None:
    study, stopper = stopper_of(text)
    for other in before:
        trial = study.ask()
        stopper.report(trial, 1, other)
        finish(trial)
    decision = stopper.report(study.ask(), 1, value)
    assert decision.stop
    assert decision.reason == reason


def test_reasons_of_patience_hyperband_and_somebody_elses() -> None:
    study, stopper = stopper_of("patient:startup=1,patience=1", gate=DOWN)
    trial = study.ask()
    for step in (1, 2, 3):
        stopper.report(trial, step, 0.25)
    finish(trial)
    trial = study.ask()
    decisions = [
        stopper.report(trial, step, value) for step, value in [(1, 0.5), (2, 0.6), (3, 0.7)]
    ]
    assert decisions[2].reason == (
        "stopped early at epoch 3: val_loss 0.7 has not improved for 2 epochs, and its best, 0.5, "
        "is above the median 0.25 of the 1 finished trials there"
    )
    study, stopper = stopper_of("hyperband:most=9")
    decisions = [stopper.report(study.ask(), 1, 1 - number / 10) for number in range(9)]
    reasons = [decision.reason for decision in decisions if decision.stop]
    assert reasons and all("trials of its bracket there" in reason for reason in reasons)
    study, _ = stopper_of("asha")
    stopper = EarlyStopper(study, optuna.pruners.ThresholdPruner(lower=0.5), UP, native=True)
    decision = stopper.report(study.ask(), 1, 0.25)
    assert (
        decision.reason
        == "stopped early at epoch 1: val_acc 0.25 was too little for ThresholdPruner"
    )


# Optuna's own, made by hand: what each of ours must decide as.
STOCK: dict[str, Callable[[], BasePruner]] = {
    "median": lambda: optuna.pruners.MedianPruner(5, 1),
    "median:startup=2,warmup=3,interval=2": lambda: optuna.pruners.MedianPruner(2, 3, 2),
    "asha": lambda: optuna.pruners.SuccessiveHalvingPruner(1, 3),
    "asha:first_rung=2,reduction=2": lambda: optuna.pruners.SuccessiveHalvingPruner(2, 2),
    "hyperband:most=9": lambda: optuna.pruners.HyperbandPruner(1, 9, 3),
    "patient:patience=1": lambda: optuna.pruners.PatientPruner(
        optuna.pruners.MedianPruner(5, 1), 1
    ),
    "none": optuna.pruners.NopPruner,
}
LAST = 8  # epochs of a whole trial

Report = Callable[[optuna.Trial, int, float], bool]


def play(
    study: optuna.Study, report: Report, seed: int, count: int = 40
) -> list[tuple[int, int, bool]]:
    """So many trials, four at a time, whose reports come in a random order; each answer."""
    rng = np.random.default_rng(seed)
    answers, running, started = [], {}, 0
    while started < count or running:
        while started < count and len(running) < 4:
            trial = study.ask()
            running[trial.number] = (trial, rng.normal(), 0)
            started += 1
        number = int(rng.choice(sorted(running)))
        trial, quality, step = running.pop(number)
        value = round(quality + 0.3 * step**0.5 + 0.2 * rng.normal(), 1)  # rounded: some are equal
        stop = report(trial, step + 1, value)
        answers.append((number, step + 1, stop))
        if stop:
            study.tell(trial, state=TrialState.PRUNED)
        elif rng.random() < 0.02:
            study.tell(trial, state=TrialState.FAIL)
        elif step + 1 == LAST:
            finish(trial, value)
        else:
            running[number] = (trial, quality, step + 1)
    return answers


def natively(trial: optuna.Trial, step: int, value: float) -> bool:
    trial.report(value, step)
    return trial.should_prune()


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("gate", [UP, DOWN])
@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("text", STOCK)
def test_it_decides_as_optunas_own(text: str, view: str, gate: ObjectiveSpec, seed: int) -> None:
    theirs = optuna.create_study(direction=gate.direction, pruner=STOCK[text](), study_name="toy")
    wanted = play(theirs, natively, seed)
    study, stopper = stopper_of(text, view, gate)
    found = play(study, lambda *report: stopper.report(*report).stop, seed)
    assert found == wanted
    assert any(stop for _, _, stop in wanted) == (text != "none")


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("asha", 12),
        *(
            pytest.param(text, 40, marks=pytest.mark.slow)
            for text in ("median", "hyperband:most=9")
        ),
    ],
)
def test_all_of_it_lies_in_the_study(text: str, count: int, store_uri: str) -> None:
    """Two drivers on one database, each of which starts anew at each report."""
    uri = store_uri
    study = optuna.create_study(
        storage=open_storage(uri), study_name="toy", directions=["minimize", "maximize"]
    )
    drivers = [optuna.load_study(study_name="toy", storage=open_storage(uri)) for _ in range(2)]

    def report(trial: optuna.Trial, step: int, value: float) -> bool:
        driver = drivers[(trial.number + step) % 2]
        stopper = EarlyStopper(driver, pruner_of(text), UP, native=False)
        return stopper.report(optuna.Trial(driver, trial._trial_id), step, value).stop

    theirs = optuna.create_study(direction="maximize", pruner=STOCK[text](), study_name="toy")
    wanted = play(theirs, natively, 1, count)
    assert play(study, report, 1, count) == wanted
    assert any(stop for _, _, stop in wanted)


@pytest.mark.parametrize("view", VIEWS)
def test_a_step_told_twice_keeps_its_first_value_and_answer(view: str) -> None:
    study, stopper = stopper_of("asha", view)
    stopper.report(study.ask(), 1, 0.9)
    trial = study.ask()
    first = stopper.report(trial, 1, 0.1)
    again = stopper.report(trial, 1, 0.95)
    assert first.stop and again == first
    assert read_facts(study.get_trials()[1]).steps == {1: 0.1}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("view", VIEWS)
def test_what_is_not_finite_is_not_kept(view: str, value: float) -> None:
    study, stopper = stopper_of("asha", view)
    stopper.report(study.ask(), 1, 0.9)
    trial = study.ask()
    assert not stopper.report(trial, 1, value).stop
    stopper.keep(trial, 2, value)
    assert read_facts(study.get_trials()[1]).steps == {}
    assert stopper.report(trial, 2, 0.1).stop  # the rung at 1 was jumped over


@pytest.mark.parametrize("view", VIEWS)
def test_kept_values_are_there_for_the_pruner_and_for_readers(view: str) -> None:
    study, stopper = stopper_of("median:startup=1", view)
    trial = study.ask()
    stopper.keep(trial, 1, 0.5)
    stopper.keep(trial, 1, 0.7)  # told twice
    finish(trial)
    assert read_facts(study.get_trials()[0]).steps == {1: 0.5}
    assert stopper.report(study.ask(), 1, 0.4).stop


def test_a_report_that_was_overtaken_decides_nothing() -> None:
    study, stopper = stopper_of("median:startup=1")
    trial = study.ask()
    stopper.report(trial, 1, 0.9)
    stopper.report(trial, 2, 0.9)
    finish(trial)
    late = study.ask()
    stopper.keep(late, 2, 0.95)
    assert not stopper.report(late, 1, 0.1).stop


@pytest.mark.parametrize("view", VIEWS)
def test_an_exempt_trial_goes_on_and_counts(view: str) -> None:
    """Told to stop at 1, it runs on; at 3 it is one of those that the others are held against."""
    study, stopper = stopper_of("asha", view)
    best, exempt = study.ask(), study.ask()
    assert not stopper.report(best, 1, 0.9).stop
    assert stopper.report(exempt, 1, 0.5).stop
    assert not stopper.report(exempt, 2, 0.6).stop
    assert not stopper.report(exempt, 3, 0.7).stop  # the first one there
    assert not stopper.report(best, 2, 0.9).stop
    assert "the best of 2 trials" in stopper.report(best, 3, 0.6).reason


@pytest.mark.parametrize("view", VIEWS)
def test_a_trial_that_was_lost_counts_once_at_a_rung(view: str) -> None:
    """0.9 was lost and has a successor: 5 values in all, not 6."""
    study, stopper = stopper_of("asha", view)
    lost = study.ask()
    stopper.report(lost, 1, 0.9)
    study.tell(lost, state=TrialState.FAIL)
    enqueue(study, {}, "successor", of="0")
    successor = study.ask()
    assert not stopper.report(successor, 1, 0.9).stop
    for value in (0.5, 0.4, 0.3):
        stopper.report(study.ask(), 1, value)
    reason = stopper.report(study.ask(), 1, 0.8).reason
    assert reason.endswith("is not the best of 5 trials there")


def test_a_repeat_does_not_count_at_all() -> None:
    study, stopper = stopper_of("median:startup=1")
    for value, repeat in [(0.2, False), (0.9, True), (0.9, True)]:
        trial = study.ask()
        if repeat:
            trial.set_user_attr("end", {"repeat_of": "0"})
            trial.report(value, 1)
        else:
            stopper.report(trial, 1, value)
        finish(trial)
    assert not stopper.report(study.ask(), 1, 0.3).stop


def test_a_trial_is_not_stopped_at_its_last_step() -> None:
    study = optuna.create_study(direction="maximize")
    stopper = EarlyStopper(study, pruner_of("asha", most=3), UP, native=True)
    trials = [study.ask(), study.ask()]
    stopper.report(trials[0], 1, 0.1)
    stopper.report(trials[1], 1, 0.2)
    assert not stopper.report(trials[0], 3, 0.9).stop
    assert not stopper.report(trials[1], 3, 0.5).stop


def test_finished_trials_are_not_looked_at_again() -> None:
    """2,000 of them at each report would be most of its cost."""
    study, stopper = stopper_of("median", "two")
    for _ in range(3):
        trial = study.ask()
        stopper.report(trial, 1, 0.5)
        finish(trial)
    view, _ = gate_study(study, "maximize", native=False)
    first, second = view.get_trials(), view.get_trials()
    assert [trial.intermediate_values for trial in first] == [{1: 0.5}] * 3
    assert all(one is other for one, other in zip(first, second, strict=True))


def test_multi_objective_tpe_goes_on_after_stops() -> None:
    """With native values it would raise at its 11th ask (shared/facts.md)."""
    study, stopper = stopper_of("asha", "two")
    study.sampler = optuna.samplers.TPESampler(seed=1)
    for _ in range(30):
        trial = study.ask()
        x = trial.suggest_float("x", 0, 1)
        if stopper.report(trial, 1, x).stop:
            study.tell(trial, state=TrialState.PRUNED)
        else:
            study.tell(trial, [x, 1 - x])
    assert {trial.state for trial in study.trials} == {TrialState.COMPLETE, TrialState.PRUNED}
