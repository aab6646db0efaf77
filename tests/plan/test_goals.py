"""What people type for objectives, conditions, gates and points."""

from __future__ import annotations

import pytest

from orchestrator.plan.goals import choose_gate, parse_condition, parse_objectives, parse_point
from orchestrator.study.spec import ConditionSpec, ObjectiveSpec
from search_spaces.errors import UsageError

UP, DOWN = "maximize", "minimize"


def aims(*pairs: tuple[str, str]) -> tuple[ObjectiveSpec, ...]:
    return tuple(ObjectiveSpec(metric=metric, direction=way) for metric, way in pairs)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("val_acc", aims(("val_acc", UP))),
        ("val_acc,robust_score", aims(("val_acc", UP), ("robust_score", UP))),
        ("val_acc, -train_seconds", aims(("val_acc", UP), ("train_seconds", DOWN))),
        ("train_seconds", aims(("train_seconds", DOWN))),  # less is better by its kind
        ("val_loss", aims(("val_loss", DOWN))),
        ("+val_loss", aims(("val_loss", UP))),
        ("fgsm_acc_eps_2", aims(("fgsm_acc_eps_2", UP))),
    ],
)
def test_objectives(text, expected):
    assert parse_objectives(text, ours=True) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "one or more different metrics"),
        ("val_acc,val_acc", "one or more different metrics"),
        ("val_acc,-val_acc", "one or more different metrics"),
        ("val_accuracy", "Did you mean 'val_acc'?"),
        ("val acc", "the name of a metric"),
    ],
)
def test_objectives_that_are_none(text, said):
    with pytest.raises(UsageError, match=said.replace("?", r"\?")):
        parse_objectives(text, ours=True)


def test_a_trainable_of_ones_own_has_metrics_of_its_own():
    assert parse_objectives("reward,-cost", ours=False) == aims(("reward", UP), ("cost", DOWN))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("robust_acc>=0.3", ("robust_acc", ">=", 0.3)),
        (" train_seconds <= 2e1 ", ("train_seconds", "<=", 20.0)),
    ],
)
def test_conditions(text, expected):
    metric, op, bound = expected
    condition = parse_condition(text, option="--constraint", ours=True)
    assert condition == ConditionSpec(metric=metric, op=op, bound=bound)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("robust_acc>0.3", "METRIC>=BOUND"),
        ("robust_acc=0.3", "METRIC>=BOUND"),
        ("robust_acc>=much", "METRIC>=BOUND"),
        ("robust_acc>=30", "Did you mean 0.3"),
        ("robust>=0.3", "Did you mean 'robust_"),
    ],
)
def test_conditions_that_are_none(text, said):
    with pytest.raises(UsageError, match=said):
        parse_condition(text, option="--constraint", ours=True)


@pytest.mark.parametrize(
    ("op", "value", "violation"), [(">=", 0.2, 0.1), (">=", 0.4, -0.1), ("<=", 0.4, 0.1)]
)
def test_a_violation_is_above_zero_where_the_bound_is_broken(op, value, violation):
    condition = ConditionSpec(metric="m", op=op, bound=0.3)
    assert condition.violation(value) == pytest.approx(violation)


def test_points():
    assert parse_point("lr=1e-3, dropout=0.2,backbone=vgg16,flip=true") == {
        "lr": 1e-3,
        "dropout": 0.2,
        "backbone": "vgg16",
        "flip": True,
    }
    for wrong in ("lr", "lr=1,lr=2", "=3", ""):
        with pytest.raises(UsageError, match="PARAMETER=VALUE"):
            parse_point(wrong)


@pytest.mark.parametrize(
    ("asked", "objectives", "gate"),
    [
        (None, "val_acc", ("val_acc", UP)),
        (None, "val_loss", ("val_loss", DOWN)),
        ("val_acc", "val_acc,robust_score", ("val_acc", UP)),
        ("-val_loss", "robust_score", ("val_loss", DOWN)),
        (None, "robust_score", None),  # comes with the last report only
        (None, "val_acc,robust_score", None),
        ("robust_score", "val_acc", None),
    ],
)
def test_the_gate(asked, objectives, gate):
    objectives = parse_objectives(objectives, ours=True)
    if gate is None:
        with pytest.raises(UsageError, match="every epoch gives"):
            choose_gate(asked, objectives, ours=True)
    else:
        assert (choose_gate(asked, objectives, ours=True),) == aims(gate)
