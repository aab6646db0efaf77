"""Ranges, baselines and fixed values are checked; a space in a file of one's own is found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import optuna
import pytest

from search_spaces import Space, SpaceContext, UsageError, find_space
from search_spaces.errors import InfeasibleTrial, UnknownNameError
from search_spaces.exploring import check_fixed, check_point, parameters
from search_spaces.fixing import FixingTrial
from trainables.config import TrialConfig

CONTEXT = SpaceContext(
    backbones=("tf_efficientnet_lite0", "vgg16"),
    input_sizes=(96, 128),
    train_size=1000,
    defaults=TrialConfig().model_dump(),
)


def test_every_backbone_is_a_baseline_at_the_largest_size():
    baselines = find_space("backbone_compare").baselines(CONTEXT)
    assert [(b["backbone"], b["input_size"]) for b in baselines] == [
        ("tf_efficientnet_lite0", 128),
        ("vgg16", 128),
    ]


# Two nets from scratch among the others.
MIXED = SpaceContext(
    backbones=("resnet9", "vgg16", "mlp"),
    input_sizes=(96, 128),
    train_size=1000,
    defaults=TrialConfig(tune="all").model_dump(),
    own_sizes={"resnet9": 32, "mlp": 32},
)


@pytest.mark.parametrize(
    ("backbone", "sizes", "asked", "seen"),
    [
        ("resnet9", (96, 128), False, 32),
        ("vgg16", (96, 128), True, 96),
        ("resnet9", (), False, 32),  # the size is settled, for the others
        ("vgg16", (), False, None),
    ],
)
def test_a_net_with_a_size_of_its_own_is_not_asked_for_one(backbone, sizes, asked, seen):
    context = replace(MIXED, input_sizes=sizes)
    study = optuna.create_study()
    study.enqueue_trial({"backbone": backbone, "input_size": 96})
    trial = study.ask()
    overrides = find_space("backbone_compare").suggest(trial, context)
    assert ("input_size" in trial.params) == asked
    assert overrides.get("input_size") == seen


def test_baselines_name_a_size_where_there_is_one_to_choose():
    found = find_space("backbone_compare").baselines(MIXED)
    assert [(each["backbone"], each.get("input_size")) for each in found] == [
        ("resnet9", None),
        ("vgg16", 128),
        ("mlp", None),
    ]


def test_the_size_is_then_conditional():
    known = parameters(find_space("backbone_compare"), MIXED)
    assert [name for name, each in known.items() if each.conditional] == ["input_size"]
    assert known["input_size"].choices == (96, 128)


@pytest.mark.parametrize(
    ("point", "fixed", "says"),
    [
        ({"backbone": "vgg16", "input_size": 96}, {}, None),
        ({"input_size": 96, "lr": 1e-3}, {}, None),  # vgg16 may be drawn
        ({"backbone": "resnet9", "lr": 1e-3}, {}, None),
        ({"backbone": "resnet9", "input_size": 96}, {}, "without input_size at this point"),
        ({"input_size": 96}, {"backbone": "resnet9"}, "without input_size at this point"),
        ({"backbone": "vgg16", "input_size": 32}, {}, "input_size must be 96 | 128"),
        ({"backbone": "alexnet"}, {}, "backbone must be resnet9 | vgg16 | mlp"),
        ({"nothing": 1}, {}, "no parameter 'nothing'"),
    ],
)
def test_the_parts_of_a_point_go_together(point, fixed, says):
    space = find_space("backbone_compare")
    if says is None:
        check_point(space, MIXED, point, fixed)
        return
    with pytest.raises(UsageError) as caught:
        check_point(space, MIXED, point, fixed)
    assert says in str(caught.value)


def test_a_factor_that_somebody_has_set_takes_the_learning_rates_place():
    defaults = TrialConfig(tune="all", lr_factor=0.5).model_dump()
    context = replace(MIXED, defaults=defaults)
    space = find_space("backbone_compare")
    known = parameters(space, context)
    assert "lr" not in known
    assert (known["lr_factor"].low, known["lr_factor"].high, known["lr_factor"].log) == (
        0.05,
        5.0,
        True,
    )
    assert [each["lr_factor"] for each in space.baselines(context)] == [0.5] * 3
    assert "lr_factor" not in parameters(space, MIXED)


@pytest.mark.parametrize(("tune", "fewest"), [("head", 5), ("last", 1), ("all", 1)])
def test_a_net_may_be_trained_for_fewer_epochs_than_a_head(tune, fewest):
    context = replace(CONTEXT, defaults=TrialConfig(tune=tune).model_dump())
    assert parameters(find_space("backbone_compare"), context)["epochs"].low == fewest


def space_of(suggest) -> Space:
    return Space("mine", "Does it work?", suggest, lambda context: [{"x": context.train_size}])


@pytest.mark.parametrize(
    ("suggest", "says"),
    [
        (lambda t, c: {"lr": t.suggest_float("lr", 1.0, 0.1)}, "from low to high. Got: (1.0, 0.1)"),
        (lambda t, c: {"lr": t.suggest_float("lr", 0.0, 0.1, log=True)}, "must start above 0"),
        (lambda t, c: {"n": t.suggest_int("n", 9, 3)}, "Did you mean 3 to 9?"),
        (lambda t, c: {"b": t.suggest_categorical("b", ())}, "at least one choice"),
        (
            lambda t, c: [t.suggest_int("n", 1, 3), t.suggest_int("n", 1, 4)],
            "one range in the whole space; n has two",
        ),
    ],
)
def test_a_range_that_cannot_be(suggest, says):
    with pytest.raises(UsageError) as caught:
        parameters(space_of(suggest), CONTEXT)
    assert says in str(caught.value)


def test_a_conditional_parameter_is_found_on_the_branch_that_has_it():
    def suggest(trial, context):
        kind = trial.suggest_categorical("kind", ("a", "b"))
        return {"kind": kind, "only_b": trial.suggest_int("only_b", 1, 3) if kind == "b" else 0}

    known = parameters(space_of(suggest), CONTEXT)
    assert {name: parameter.conditional for name, parameter in known.items()} == {
        "kind": False,
        "only_b": True,
    }


def test_a_point_that_the_space_refuses_hides_none_of_its_parameters():
    def suggest(trial, context):
        kind = trial.suggest_categorical("kind", ("a", "b"))
        if trial.suggest_int("width", 1, 3) < 2 and kind == "b":
            raise InfeasibleTrial("too narrow")
        return {"kind": kind}

    assert list(parameters(space_of(suggest), CONTEXT)) == ["kind", "width"]


@pytest.mark.parametrize(
    ("fixed", "says"),
    [
        ({"lr": 5.0}, "lr must lie between 1e-05 and 0.01 in this space. Got: 5.0."),
        ({"batch_size": 48}, "batch_size must be one of 16, 32, 64, 128, 256. Got: 48."),
        ({"epochs": 1000}, "The nearest valid value is 100."),
    ],
)
def test_a_fixed_value_outside_the_range(fixed, says):
    trial = FixingTrial(optuna.create_study().ask(), fixed)
    with pytest.raises(UsageError) as caught:
        find_space("backbone_compare").suggest(trial, CONTEXT)
    assert says in str(caught.value)


def test_fixed_values_are_not_asked_of_the_sampler():
    trial = optuna.create_study().ask()
    fixed = {"lr": 0.005, "batch_size": 32, "epochs": 7}
    overrides = find_space("backbone_compare").suggest(FixingTrial(trial, fixed), CONTEXT)
    assert {key: overrides[key] for key in fixed} == fixed
    assert not set(trial.params) & set(fixed)


def by_kind(trial, context):
    """The same field in two branches, each with a range of its own."""
    kind = trial.suggest_categorical("tune", ("head", "all"))
    low, high = (1e-5, 1e-3) if kind == "head" else (1e-3, 1e-1)
    return {"tune": kind, "lr": trial.suggest_float(f"lr.{kind}", low, high, log=True)}


@pytest.mark.parametrize(
    ("lr", "says"),
    [
        (1e-4, None),  # a head's
        (1e-2, None),  # a whole net's
        (1e-1, None),
        (0.5, "lr must be 1e-05 to 0.001, log or 0.001 to 0.1, log in this space. Got: 0.5."),
    ],
)
def test_a_field_that_branches_have_ranges_of_is_fixed_for_all_of_them(lr, says):
    known = parameters(space_of(by_kind), CONTEXT)
    assert list(known) == ["tune", "lr.head", "lr.all"]
    if says is not None:
        with pytest.raises(UsageError) as caught:
            check_fixed(known, {"lr": lr})
        assert str(caught.value) == says
        return
    check_fixed(known, {"lr": lr})
    for kind in ("head", "all"):
        study = optuna.create_study()
        study.enqueue_trial({"tune": kind})
        trial = study.ask()
        assert by_kind(FixingTrial(trial, {"lr": lr}), CONTEXT) == {"tune": kind, "lr": lr}
        assert list(trial.params) == ["tune"]


OWN = """
from search_spaces import Space

def suggest(trial, context):
    return {"lr": trial.suggest_float("lr", 1e-4, 1e-1, log=True)}

SPACE = Space("lr_only", "Which learning rate?", suggest, lambda context: [{"lr": 1e-3}])
"""


def test_a_space_in_a_file_of_ones_own(tmp_path: Path):
    path = tmp_path / "lr_only.py"
    path.write_text(OWN)
    assert find_space(str(path)).name == "lr_only"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "must be a Python file"),
        ("x = 1", "must define SPACE"),
        ("import nowhere_to_be_found", "ModuleNotFoundError"),
        ("def broken(:", "SyntaxError"),
    ],
)
def test_a_file_that_is_no_space(tmp_path: Path, text, says):
    path = tmp_path / "mine.py"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UsageError) as caught:
        find_space(str(path))
    assert says in str(caught.value)


def test_an_unknown_space_names_the_nearest():
    with pytest.raises(UnknownNameError) as caught:
        find_space("backbone_compar")
    assert "Did you mean 'backbone_compare'?" in str(caught.value)
