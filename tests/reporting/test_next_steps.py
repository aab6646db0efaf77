"""What to try next: one row a rule and case; the figures stand beside what follows from them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from by_hand import a_material, a_spec, a_trial, own_spec
from test_report_answer import compared

from orchestrator.pictures.view import StudyView
from orchestrator.reporting.material import Material
from orchestrator.reporting.next_steps import RULES, NextStep, next_steps
from orchestrator.study.spec import (
    ConditionSpec,
    LeftOut,
    ObjectiveSpec,
    PrunerSpec,
    SplitSpec,
)
from orchestrator.tracking.files import TrialFiles
from search_spaces.parameter import Parameter

LR = Parameter("lr", low=1e-4, high=1e-1, log=True)
DROPOUT = Parameter("dropout", low=0.0, high=0.5)
BATCH = Parameter("batch_size", choices=(16, 32, 64, 128))
NAME = Parameter("head", choices=("linear", "mlp", "cosine"))


def steps(material: Material, rule: str) -> list[NextStep]:
    return [step for step in next_steps(material) if step.rule == rule]


def varied(parameter: Parameter, *values: Any, of: int = 8) -> Material:
    """Trials from best to worst with these values; the rest have the first choice or the middle."""
    middle = parameter.choices[1] if parameter.choices else (parameter.low + parameter.high) / 2
    held = [*values, *[middle] * (of - len(values))]
    trials = [
        a_trial(n, 0.9 - 0.05 * n, params={parameter.name: value}) for n, value in enumerate(held)
    ]
    spec = a_spec(trials=of)
    view = StudyView(spec, tuple(trials), {parameter.name: parameter})
    return a_material(*trials, spec=spec, view=view)


@pytest.mark.parametrize(
    ("material", "what"),
    [
        # 0.09 of 1e-4 to 1e-1 lies at 0.985 of the decades, 0.08 at 0.968, 0.01 at 0.667
        pytest.param(varied(LR, 0.09, 0.08, 0.01), "Widen the range of lr above 0.1", id="high"),
        pytest.param(varied(LR, 0.09, 0.01, 0.08), "Widen the range of lr above 0.1", id="third"),
        pytest.param(varied(LR, 0.09, 0.01, 0.01), "", id="the best alone"),
        pytest.param(varied(LR, 0.01, 0.09, 0.09), "", id="all but the best"),
        pytest.param(varied(LR, 0.09, 0.08, of=7), "", id="too few trials"),
        pytest.param(varied(LR, 1.1e-4, 1e-4), "Widen the range of lr below 1e-4", id="low"),
        # linear: 0.47 of 0 to 0.5 is 0.94 of the range, 0.48 is 0.96
        pytest.param(varied(DROPOUT, 0.47, 0.48), "", id="not quite"),
        pytest.param(varied(DROPOUT, 0.48, 0.5), "Widen the range of dropout above 0.5", id="end"),
        pytest.param(varied(BATCH, 128, 128), "Widen the range of batch_size above 128", id="last"),
        pytest.param(varied(BATCH, 64, 128), "", id="second to last"),
        pytest.param(varied(NAME, "cosine", "cosine"), "", id="names have no ends"),
    ],
)
def test_the_best_at_the_end_of_a_range(material: Material, what: str) -> None:
    assert [step.what for step in steps(material, "edges")] == ([what] if what else [])


def by_labels(sizes: dict[int, float], **changes: Any) -> Material:
    trials = [
        a_trial(n, acc, config={"backbone": "net", "train_size": size})
        for n, (size, acc) in enumerate(sizes.items())
    ]
    return a_material(*trials, spec=a_spec(trials=len(sizes), space="subset_size", **changes))


@pytest.mark.parametrize(
    ("sizes", "rise"),
    [
        ({10: 0.5, 100: 0.7, 1000: 0.8}, "From 100 to 1,000 training labels the best accuracy rose "
                                         "by 10.0 points"),
        ({10: 0.5, 100: 0.795, 1000: 0.8}, ""),
        ({10: 0.5, 1000: 0.7, 100: 0.8}, ""),
        ({1000: 0.8}, ""),
    ],
)  # fmt: skip
def test_a_curve_over_labels_that_still_rises(sizes: dict[int, float], rise: str) -> None:
    found = steps(by_labels(sizes), "labels")
    assert [step.why.split(", and")[0] for step in found] == ([rise] if rise else [])
    for step in found:
        assert step.command == (
            "orchestrator search subset_size --data digits --backbones net --train-size 2000"
        )


def test_labels_that_are_left_are_counted() -> None:
    split = SplitSpec(train=1000, val=1000, pool=48_000)
    (step,) = steps(by_labels({100: 0.5, 1000: 0.8}, split=split), "labels")
    assert step.why.endswith("; 48,000 images are left unlabelled")


@pytest.mark.parametrize(
    ("train", "tune", "space"),
    [(1.0, "head", "regularization"), (1.0, "all", "augmentation"), (0.94, "head", "")],
)
def test_a_gap_between_training_and_validation(train: float, tune: str, space: str) -> None:
    config = {"backbone": "net", "tune": tune, "train_size": 100}
    trial = a_trial(0, 0.85, metrics={"train_acc": train}, config=config)
    found = steps(a_material(trial), "overfitting")
    assert [step.what for step in found] == (
        [f"Search {space} for the best backbone"] if space else []
    )
    for step in found:
        assert "100.0 % of its training images right and 85.0 %" in step.why
        assert "a gap of 15.0 points" in step.why
        assert step.command.startswith(f"orchestrator search {space} --data digits --backbones net")
        assert ("--set tune=all" in step.command) is (tune == "all")


def history(*values: float) -> Material:
    """The best trial, with these validation accuracies by epoch."""
    rows = tuple(
        {"epoch": epoch, "time": 0.0, "metrics": {"val_acc": value}}
        for epoch, value in enumerate(values, 1)
    )
    material = a_material(a_trial(0, values[-1]))
    material.__dict__["files"] = {0: TrialFiles(None, True, rows)}  # as if they had been read
    return material


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ((0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8), "rose by 20.0 points"),  # the last 2 of 8
        ((0.1, 0.5, 0.78, 0.80, 0.80, 0.80, 0.80, 0.805), ""),
        ((0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.9, 0.8), ""),
        ((0.1, 0.2, 0.8), ""),
    ],
)
def test_a_trial_that_was_still_learning(values: tuple[float, ...], says: str) -> None:
    found = steps(history(*values), "more_epochs")
    assert bool(found) is bool(says)
    for step in found:
        assert says in step.why
        assert step.what.startswith("Train for longer: --set epochs=20,")  # 10 in its config


@pytest.mark.parametrize(
    ("done", "running", "command"),
    [(2, False, "orchestrator resume made"), (2, True, ""), (3, False, "")],
)
def test_trials_that_are_missing(done: int, running: bool, command: str) -> None:
    trials = [a_trial(n, 0.5 + 0.1 * n) for n in range(done)]
    found = steps(a_material(*trials, running=running), "unfinished")
    assert [step.command for step in found] == ([command] if command else [])


def test_a_target_that_was_reached_is_an_end() -> None:
    target = ConditionSpec(metric="val_acc", op=">=", bound=0.6)
    assert not steps(a_material(a_trial(0, 0.7), spec=a_spec(target=target)), "unfinished")
    assert steps(a_material(a_trial(0, 0.5), spec=a_spec(target=target)), "unfinished")


@pytest.mark.parametrize(
    ("place", "trials", "wanted", "says"),
    [(19, 20, 20, True), (15, 20, 20, False), (8, 9, 9, False), (19, 20, 40, False)],
)
def test_a_search_that_still_improved(place: int, trials: int, wanted: int, says: bool) -> None:
    held = [a_trial(n, 0.9 if n == place else 0.5) for n in range(trials)]
    found = steps(a_material(*held, spec=a_spec(trials=wanted)), "more_trials")
    assert bool(found) is says
    for step in found:
        assert step.why == "Its best trial was number 20 of 20: it still improved"
        assert step.command == "orchestrator resume made --add-trials 20"


def test_failures_and_the_most_frequent_reason() -> None:
    held = [
        a_trial(0, 0.5),
        *(a_trial(n, state="failed", reason="CUDA is away.") for n in (1, 2)),
        a_trial(3, state="failed", reason="a bug"),
    ]
    (step,) = steps(a_material(*held), "failures")
    assert step.what == "Look at the 3 trials that failed"
    assert step.why.endswith("the most frequent reason: CUDA is away")
    assert step.command == "orchestrator resume made --retry-failed"
    again = [a_trial(4 + n, 0.5, origin="retry", of=str(n)) for n in (1, 2, 3)]
    assert not steps(a_material(*held, *again), "failures")


@pytest.mark.parametrize(
    ("figures", "whats"),
    [
        ([{"robust_acc": 0.1}, {"robust_acc": 0.2}],
         ["Loosen robust_acc>=0.3, or search where it can hold"]),
        ([{"robust_acc": 0.4}], []),
    ],
)  # fmt: skip
def test_a_bound_that_no_trial_holds(figures: list[dict[str, float]], whats: list[str]) -> None:
    bound = ConditionSpec(metric="robust_acc", op=">=", bound=0.3)
    trials = [a_trial(n, 0.5, metrics=held) for n, held in enumerate(figures)]
    found = steps(a_material(*trials, spec=a_spec(constraints=(bound,))), "constraints")
    assert [step.what for step in found] == whats
    for step in found:
        assert step.why == "The nearest that any finished trial came is robust_acc 20.0"


def test_bounds_that_never_hold_together() -> None:
    high = ConditionSpec(metric="val_acc", op=">=", bound=0.7)
    quick = ConditionSpec(metric="train_seconds", op="<=", bound=10)
    trials = [
        a_trial(0, 0.8, metrics={"train_seconds": 60.0}),
        a_trial(1, 0.5, metrics={"train_seconds": 5.0}),
    ]
    (step,) = steps(a_material(*trials, spec=a_spec(constraints=(high, quick))), "constraints")
    assert step.what == "Loosen one of val_acc>=0.7 and train_seconds<=10"


NEAR = (a_trial(0, 0.859, backbone="lite2"), a_trial(1, 0.839, backbone="lite0"))
TIED = compared(("a", [0.9, 0.8, 0.85]), ("b", [0.85, 0.9, 0.8]))
TOLD = compared(("a", [0.9, 0.91, 0.9]), ("b", [0.5, 0.52, 0.5]))


@pytest.mark.parametrize(
    ("material", "command", "why"),
    [
        (a_material(*NEAR), "orchestrator compare made --by backbone",
         "lite2 is the best of 2 trials, and so flattered by chance; lite0 cannot be told from it"),
        (a_material(*NEAR, place=" --storage URL"),
         "orchestrator compare made --by backbone --storage URL", "lite2 is"),
        (a_material(*NEAR, comparisons=(TIED,)),
         "orchestrator compare made --by backbone --repeats 6", "In made-by-backbone a cannot be"),
        (a_material(*NEAR, comparisons=(TOLD,)), "", ""),
        (a_material(NEAR[0]), "", ""),
    ],
)  # fmt: skip
def test_a_best_that_may_be_luck(material: Material, command: str, why: str) -> None:
    found = steps(material, "confirm")
    assert [step.command for step in found] == ([command] if command else [])
    for step in found:
        assert step.why.startswith(why)


@pytest.mark.parametrize(
    ("left", "aims", "says"),
    [(0.01, ("val_acc",), True), (0.2, ("val_acc",), False),
     (0.01, ("val_acc", "robust_score"), False)],
)  # fmt: skip
def test_nothing_left_under_attack(left: float, aims: tuple[str, ...], says: bool) -> None:
    objectives = tuple(ObjectiveSpec(metric=name) for name in aims)
    metrics = {"robust_acc": 0.3, "second_acc": left, "robust_score": 0.2}
    trial = a_trial(0, 0.85, metrics=metrics, values=(0.85, 0.2)[: len(aims)])
    found = steps(a_material(trial, spec=a_spec(objectives=objectives)), "robustness")
    assert bool(found) is says
    for step in found:
        assert step.command.startswith("orchestrator search robust --data ")
        assert step.command.endswith(" --train-size 500")


@pytest.mark.parametrize(("stopped_best", "says"), [(True, True), (False, False)])
def test_a_pruner_that_would_have_stopped_the_best(stopped_best: bool, says: bool) -> None:
    """Eight exempt trials, of which the pruner would have stopped one: the best, or the worst."""
    gate = ObjectiveSpec(metric="val_acc")
    pruner = PrunerSpec(name="asha", options={"first_rung": 2})
    loser = 7 if stopped_best else 0
    trials = [
        a_trial(n, 0.1 * n, exempt=True, steps={2: 0.01 * n, 4: 0.1 * n},
                stopped_at=2 if n == loser else None)
        for n in range(8)
    ]  # fmt: skip
    spec = a_spec(gate=gate, pruner=pruner, trials=8)
    found = steps(a_material(*trials, spec=spec), "stopping")
    assert [step.what for step in found] == (["Stop later: a first rung above 2"] if says else [])


def test_backbones_that_were_left_out() -> None:
    gone = (LeftOut(backbone="vgg16", reason="the hub is away."),
            LeftOut(backbone="alexnet", reason="the hub is away."))  # fmt: skip
    (step,) = steps(a_material(a_trial(0, 0.5), spec=a_spec(left_out=gone)), "left_out")
    assert "vgg16, alexnet" in step.what
    assert step.why == "2 backbones were left out: the hub is away"


def test_every_rule_is_met_here() -> None:
    """A rule without a row above could say anything."""
    text = Path(__file__).read_text(encoding="utf-8")
    assert not [rule.__name__ for rule in RULES if f'"{rule.__name__}"' not in text]


def test_a_trainable_of_ones_own_is_told_nothing_of_images() -> None:
    trial = replace(a_trial(0), metrics={"height": 0.5}, values=(0.5,))
    found = next_steps(a_material(trial, spec=own_spec(trials=1)))
    assert found == ()


@pytest.mark.parametrize(
    ("trials", "openings", "says"), [(3, 0, True), (2, 0, False), (3, 1, False)]
)
def test_the_test_split_is_for_promotion(trials: int, openings: int, says: bool) -> None:
    held = [a_trial(n, 0.5 + 0.1 * n) for n in range(trials)]
    found = steps(a_material(*held, openings=openings), "promote")
    assert [step.command for step in found] == (["orchestrator promote made"] if says else [])
    for step in found:
        assert step.why.startswith("The 2,000 test images were not looked at yet")
