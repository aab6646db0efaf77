"""Fields that a space fixes, or starts elsewhere; what of them `--set` may change, and what not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.plan.build import plan_search
from orchestrator.request import SearchRequest
from orchestrator.settings import make_config
from orchestrator.study.configs import make_trial_config
from orchestrator.study.context import study_context
from orchestrator.study.spec import StudySpec
from search_spaces.errors import UnavailableError, UsageError

LITE = "tf_efficientnet_lite0"
# Untrained bodies need no weights; a budget of a second takes the smallest size, measured soonest.
TINY = SearchRequest(
    data="digits", val_size=100, weights="random", local=True, time_budget=1.0, keep_models=0
)


@pytest.fixture(autouse=True)
def working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def planned(space: str, **changes: object) -> StudySpec:
    return plan_search(replace(TINY, space=space, **changes)).spec  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("space", "changes", "config"),
    [
        # What the space says, and what follows from it: a whole net's own learning rate.
        ("onecycle", {}, {"schedule": "onecycle", "tune": "all", "lr": 1e-3, "epochs": 8}),
        ("onecycle", {"settings": ("tune=head",)}, {"tune": "head", "lr": 3e-5, "augment": "none"}),
        ("onecycle", {"settings": ("epochs=24",)}, {"epochs": 24}),
        ("onecycle", {"settings": ("schedule=onecycle",)}, {"schedule": "onecycle"}),
        ("regularization", {"settings": ("schedule=constant",)}, {"schedule": "constant"}),
        ("scratch_compare", {}, {"tune": "all", "augment": "flip_crop", "epochs": 5}),
        ("subset_size", {}, {"attack": "none", "tune": "head", "lr": 3e-5}),
        ("subset_size", {"settings": ("attack=fgsm",)}, {"attack": "fgsm"}),
        # digits: 1,438 training images, 100 of them to validate on.
        ("subset_size", {}, {"train_size": 1338, "val_size": 100}),
        ("subset_size", {"train_size": 300}, {"train_size": 300}),
        ("small_data", {}, {"train_size": 100, "val_size": 100, "epochs": 20}),
        ("small_data", {"train_size": 250}, {"train_size": 250}),
        # Not shared: what trials train is theirs, and so is what follows from it.
        ("small_data", {}, {"lr": None, "dropout": None, "augment": None, "tune": "head"}),
        ("everything", {"settings": ("lr=0.001",)}, {"lr": 1e-3, "augment": None}),
    ],
)
def test_what_all_trials_share(space, changes, config):
    base = planned(space, **changes).base_config
    assert {name: base.get(name) for name in config} == config


def test_without_a_size_of_ones_own_validation_takes_its_usual_share():
    """Half of 1,438 digits, so that 719 labels are left of the 5,000."""
    spec = planned("subset_size", val_size=None)
    assert (spec.split.train, spec.split.val) == (719, 719)
    assert spec.parameters["train_size"] == "10 to 719, log"
    # 10, 20, 50, 100, 200, 500, 719 labels in five draws by three strategies
    assert spec.trials == 7 * 5 * 3


@pytest.mark.parametrize(
    ("settings", "fewest", "most"),
    [
        (("split_seed=0",), 150, 150),
        ((), 151, 750),  # five draws of 50 and 100 images, of 1,438: most are others each time
    ],
)
def test_labels_of_all_draws_are_counted(settings, fewest, most):
    split = planned("subset_size", train_size=50, settings=settings).split
    assert (split.train, split.val) == (50, 100)
    assert fewest <= split.labels_used <= most


@pytest.mark.parametrize(
    ("space", "changes", "says"),
    [
        (
            "onecycle",
            {"settings": ("schedule=cosine",)},
            "onecycle asks about trials with schedule=onecycle, and about no others. "
            "Got: 'schedule=cosine'. Leave schedule out",
        ),
        ("scratch_compare", {"settings": ("tune=head",)}, "with tune=all"),
        ("lr_range", {"settings": ("lr=0.001",)}, "lr_range asks about lr, which --set must not"),
        ("subset_size", {"settings": ("train_size=50",)}, "--try train_size=50"),
        ("batch_size", {"settings": ("batch_size=64",)}, "asks about batch_size"),
        ("input_size", {"settings": ("input_size=64",)}, "asks about input_size"),
        ("augmentation", {"settings": ("tune=head",)}, "Train more than the head"),
        ("regularization", {"settings": ("dropout=0.9",)}, "dropout must be 0 to 0.8"),
        # Outside every branch's range; 0.02 would be a head's alone.
        (
            "everything",
            {"settings": ("lr=0.5",)},
            "lr must be 1e-06 to 0.01, log or 0.0001 to 0.03, log or 3e-05 to 0.01, log or "
            "0.0003 to 0.03, log in this space",
        ),
        ("subset_size", {"train_size": 1339}, "1338 at the most"),
        ("small_data", {"tries": ("lr.head=1e-4",), "settings": ("lr=1e-3",)}, "both name lr.head"),
    ],
)
def test_what_would_leave_nothing_to_ask(space, changes, says):
    with pytest.raises(UsageError) as caught:
        planned(space, **changes)
    assert says in str(caught.value)


@pytest.mark.parametrize("lr", ["0.02", "0.000002"])
def test_a_rate_for_one_branch_is_every_branchs(lr):
    """The first suits nets that train, the second heads alone: whoever sets it decides."""
    spec = planned("everything", settings=(f"lr={lr}",))
    assert spec.fixed["lr"] == float(lr)


@pytest.mark.parametrize(
    ("tune", "lr", "augment", "dropout"),
    [
        ("head", 3e-5, "none", 0.5),
        ("last", 1e-3, "flip_crop", 0.2),
        ("all", 1e-3, "flip_crop", 0.2),
    ],
)
def test_each_trial_has_the_defaults_of_what_it_trains(tune, lr, augment, dropout):
    """A space that gives `tune` and nothing else, in a study that a resume reads again."""
    held = StudySpec.model_validate_json(planned("small_data").model_dump_json())
    fields = make_trial_config(held, {"backbone": LITE, "tune": tune}).fields
    assert (fields["lr"], fields["augment"], fields["dropout"]) == (lr, augment, dropout)


@pytest.mark.parametrize("space", ["small_data", "everything", "subset_size", "onecycle"])
def test_a_resume_sees_the_same_ranges(space):
    """What the study holds comes to the context that it was planned with."""
    spec = planned(space)
    again = plan_search(replace(TINY, space=space, study=spec.name)).spec
    assert again.parameters == spec.parameters
    context = study_context(spec)
    assert context.defaults == make_config(spec.base_config).model_dump(mode="json")
    assert context.train_size == spec.split.train


@pytest.mark.parametrize(
    ("space", "changes", "backbones", "trials"),
    [
        ("onecycle", {}, ("mini_vgg",), 16),
        ("onecycle", {"backbones": ("mlp", "mini_vgg", "resnet9")}, None, 24),  # 4 points each
        ("scratch_compare", {}, ("mlp", "mini_vgg", "resnet9", "resnet18_cifar"), 8),
        ("everything", {}, (LITE, "tf_efficientnet_lite2", "mini_vgg"), 14),
        ("small_data", {"backbones": (LITE, "mlp")}, None, 14),
        ("subset_size", {"settings": ("split_seed=0",)}, (LITE,), 8 * 3),
        ("subset_size", {"settings": ("split_seed=0", "subset=random")}, (LITE,), 8),
        ("subset_size", {"train_size": 50}, (LITE,), 3 * 5 * 3),
        ("lr_range", {"settings": ("backbone=mlp",)}, ("mlp",), 16),
        ("lr_range", {"trials": 3}, ("mini_vgg",), 3),
    ],
)
def test_which_nets_are_tried_and_how_often(space, changes, backbones, trials):
    spec = planned(space, **changes)
    assert spec.backbones == (backbones or changes["backbones"])
    assert spec.trials == trials
    assert not spec.left_out


def test_a_net_from_scratch_is_left_out_where_a_head_alone_is_asked_for():
    """With its reason; `weights=random` would let it pass, so weights are looked for here."""
    with pytest.raises(UnavailableError, match="mini_vgg has no pretrained weights"):
        plan_search(
            SearchRequest(
                space="everything",
                data="digits",
                backbones=("mini_vgg",),
                local=True,
                settings=("tune=head",),
            )
        )


OWN = """
from search_spaces import Space

def suggest(trial, context):
    return {"width": trial.suggest_int("width", 8, 64, log=True)}

SPACE = Space("width", "How wide?", suggest, fixed={"tune": "all"}, defaults={"backbone": "mlp"})
"""


@pytest.mark.parametrize(("settings", "pixels"), [((), 48), (("input_size=64",), 64)])
def test_a_space_may_say_what_its_nets_see(working_folder, settings, pixels):
    path = working_folder / "width.py"
    path.write_text(OWN.replace('"mlp"', '"mini_vgg", "input_size": 48'))
    spec = planned(str(path), settings=settings)
    assert (spec.base_config["input_size"], spec.input_sizes) == (pixels, ())


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, "mlp"),
        ({"backbones": ("mini_vgg",)}, "mini_vgg"),
        ({"settings": ("backbone=mini_vgg",)}, "mini_vgg"),
        (
            {"backbones": ("mlp", "mini_vgg")},
            "does not compare backbones, so --backbones names one",
        ),
        ({"backbones": ("mlp",), "settings": ("backbone=mini_vgg",)}, "must not contradict"),
    ],
)
def test_a_space_for_one_net(working_folder, changes, says):
    path = working_folder / "width.py"
    path.write_text(OWN)
    if " " in says:
        with pytest.raises(UsageError, match=says):
            planned(str(path), **changes)
        return
    spec = planned(str(path), **changes)
    assert spec.backbones == (says,)
    assert spec.base_config["backbone"] == says
    assert spec.trials == 12
