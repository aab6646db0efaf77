"""Plans in which nets are trained: sizes of their own, and what contradicts itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.plan.build import plan_search
from orchestrator.request import SearchRequest
from orchestrator.study.context import study_context
from orchestrator.study.spec import StudySpec
from search_spaces.errors import UsageError

LITE = "tf_efficientnet_lite0"
NETS = ("mini_vgg", "mlp")
# Untrained, so that no weights are needed; lite0 is of those that want 64 px and more.
SMALL = SearchRequest(
    data="digits",
    train_size=60,
    val_size=40,
    robust_size=8,
    backbones=(*NETS, LITE),
    weights="random",
    trials=3,
    local=True,
    keep_models=0,
    settings=("tune=all", "epochs=1"),
)


@pytest.fixture(autouse=True)
def working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_each_net_is_planned_at_its_own_size():
    plan = plan_search(replace(SMALL, time_budget=1.0))  # the smallest size, measured soonest
    assert plan.spec.input_sizes == (64,)
    assert plan.spec.input_size_reason.endswith("; mini_vgg, mlp at 32 px")
    held = StudySpec.model_validate_json(plan.spec.model_dump_json())  # as a resume reads it
    assert study_context(held).own_sizes == {"mini_vgg": 32, "mlp": 32}
    assert plan.estimate is not None
    assert plan.estimate.train > 0
    assert (plan.estimate.extract, plan.estimate.head) == (0, 0)


@pytest.mark.parametrize(
    ("changes", "own", "sizes", "settled"),
    [
        ({"backbones": NETS}, {"mini_vgg": 32, "mlp": 32}, (), 32),
        ({"backbones": NETS, "settings": ("tune=all", "input_size=32")}, None, (), 32),
        ({"backbones": (LITE,)}, {}, None, None),
    ],
)
def test_what_is_settled_and_what_is_left_to_the_space(changes, own, sizes, settled):
    spec = plan_search(replace(SMALL, **changes)).spec
    if own is not None:
        assert study_context(spec).own_sizes == own
    if sizes is not None:
        assert spec.input_sizes == sizes
    assert spec.base_config["input_size"] == settled


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"settings": ("augment=flip_crop",)}, "mini_vgg cannot be trained so: augment changes"),
        ({"settings": ("mixup=0.2",), "backbones": (LITE,)}, "mixup changes images"),
        ({"settings": ("tune=last",)}, "tune=last needs a net that says what its last stage is"),
        ({"settings": ("tune=all", "depth=3"), "backbones": ("resnet9",)}, "no depth"),
        ({"settings": ("tune=all", "augment=flipcrop")}, "Did you mean 'flip_crop'"),
        ({"settings": ("tune=all", "head=linea")}, "Did you mean 'linear'"),
        ({"settings": ("tune=all", "cycle_momentum=true")}, "belongs to schedule=onecycle"),
        (
            {"settings": ("tune=all", "schedule=onecycle", "peak_epoch=5", "epochs=5")},
            "The peak of a cycle of 5 epochs",
        ),
        ({"settings": ("tune=all", "input_size=64")}, "mlp takes images of 32 px only"),
        ({"settings": ("tune=all", "lr_factor=9")}, "lr_factor must be 0.05 to 5"),
    ],
)
def test_a_contradiction_is_told_before_anything_runs(changes, says, working_folder):
    with pytest.raises(UsageError) as caught:
        plan_search(replace(SMALL, **changes))
    assert says in str(caught.value)
    assert not (working_folder / "optuna.db").exists()


def test_what_only_some_points_contradict_is_left_to_the_search():
    """A peak at epoch 30 suits those of 31 to 100 epochs."""
    settings = ("tune=all", "schedule=onecycle", "peak_epoch=30")
    small = replace(SMALL, settings=settings, backbones=NETS)
    assert plan_search(small).spec.fixed["peak_epoch"] == 30
