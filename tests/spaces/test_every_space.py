"""Every registered space: its ends and its first points are trials that can be trained."""

from __future__ import annotations

import pytest
from space_contexts import NETS, config_at, context_of, extremes

from search_spaces import SPACES, UsageError, find_space
from search_spaces.augmentation import POLICIES as AUGMENTATIONS
from search_spaces.exploring import check_point, parameters
from trainables.augment import POLICIES
from trainables.config import TrialConfig

# What somebody may set beside a space's own choices; each must leave both ends trainable.
SETTINGS: tuple[dict[str, object], ...] = (
    {},
    {"lr_factor": 0.5},
    {"lr": 2e-3},
    {"optimiser": "sgd"},
    {"epochs": 50},
    {"epochs": 5},
)


@pytest.mark.parametrize("name", SPACES.names())
def test_a_space_says_what_it_is(name):
    space = find_space(name)
    assert space.name == name
    assert space.question.endswith("?")
    assert set(space.about) <= set(parameters(space, context_of(space)))
    assert not set(space.fixed) & set(space.defaults)
    assert set(space.fixed) | set(space.defaults) <= set(TrialConfig.model_fields)


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("backbones", [NETS, NETS[:1], NETS[1:]], ids="-".join)
@pytest.mark.parametrize("name", SPACES.names())
def test_both_ends_of_every_range_can_be_trained(name, backbones, settings):
    space = find_space(name)
    whole = {"tune": "all"} if "mini_vgg" in backbones and not _trains_whole(name) else {}
    fixed = {**settings, **whole}
    context = context_of(space, backbones, **fixed)
    configs = list(extremes(space, context, **fixed))
    assert {config.backbone for config in configs} == set(backbones)
    assert all(getattr(each, key) == value for each in configs for key, value in settings.items())
    assert all(config.tune == "all" for config in configs if config.backbone == "mini_vgg")


def _trains_whole(name: str) -> bool:
    """Whether the space itself says that nets from scratch are trained as a whole."""
    space = find_space(name)
    return name in ("small_data", "everything") or "tune" in {**space.defaults, **space.fixed}


@pytest.mark.parametrize("name", SPACES.names())
def test_first_points_are_whole_and_can_be_trained(name):
    space = find_space(name)
    backbones = NETS if _trains_whole(name) else NETS[:1]
    context = context_of(space, backbones)
    known = parameters(space, context)
    points = space.baselines(context)
    assert points
    assert len({tuple(sorted(point.items())) for point in points}) == len(points)
    for point in points:
        assert set(point) <= set(known)
        check_point(space, context, point, {})
        config_at(space, context, point)


@pytest.mark.parametrize("name", [name for name in SPACES if find_space(name).grid])
def test_a_grid_has_points_of_its_own_space(name):
    space = find_space(name)
    context = context_of(space)
    assert space.grid is not None
    grid = space.grid(context)
    known = parameters(space, context)
    assert set(grid) == set(known)
    assert all(known[key].contains(value) for key, values in grid.items() for value in values)


@pytest.mark.parametrize(
    ("name", "at", "gives"),
    [
        # A head's own defaults, and a whole net's, though both are trials of one study.
        ("everything", {"tune": "head"}, {"augment": "none", "schedule": "cosine"}),
        ("everything", {"tune": "last"}, {"augment": "flip_crop", "input_size": 96}),
        ("everything", {"tune": "all"}, {"augment": "flip_crop", "input_size": 96}),
        ("everything", {"backbone": "mini_vgg"}, {"tune": "all", "input_size": 32}),
        ("small_data", {"tune": "head"}, {"input_size": 128, "lr": 3e-5, "dropout": 0.5}),
        ("small_data", {"backbone": "mini_vgg"}, {"tune": "all", "lr": 1e-3, "dropout": 0.2}),
        ("lr_range", {"rate": "lr"}, {"tune": "all", "lr": 1e-3, "lr_factor": None}),
        ("lr_range", {"rate": "lr_factor"}, {"lr_factor": 1.0, "augment": "flip_crop"}),
        ("onecycle", {"final_div_factor": 1e4}, {"schedule": "onecycle", "div_factor": 25.0}),
        (
            "subset_size",
            {},
            {"train_size": 600, "subset": "random", "attack": "none", "tune": "head"},
        ),
        ("batch_size", {"batch_size": 256}, {"lr": 2e-3}),  # 4 times 64: twice the rate
        ("batch_size", {"batch_size": 16}, {"lr": 5e-4}),
        ("scratch_compare", {}, {"tune": "all", "epochs": 5, "batch_size": 64}),
    ],
)
def test_the_config_of_a_first_point(name, at, gives):
    space = find_space(name)
    context = context_of(space)
    points = space.baselines(context)
    point = next(each for each in points if all(each.get(k) == v for k, v in at.items()))
    config = config_at(space, context, point)
    assert {key: getattr(config, key) for key in gives} == pytest.approx(gives)


@pytest.mark.parametrize(
    ("train_size", "steps"),
    [
        (5000, (10, 20, 50, 100, 200, 500, 1000, 2000, 5000)),
        (719, (10, 20, 50, 100, 200, 500, 719)),  # digits: 1,438 images, 719 to validate on
        (100, (10, 20, 50, 100)),
        (8, (8,)),
    ],
)
def test_the_numbers_of_labels_to_compare(train_size, steps):
    space = find_space("subset_size")
    context = context_of(space, NETS[:1], train_size=train_size, split_seed=7)
    assert space.grid is not None
    assert dict(space.grid(context)) == {
        "subset": ("random", "margin:pool=10000", "typiclust:pool=10000"),
        "train_size": steps,
        "split_seed": (7, 8, 9, 10, 11),
    }


@pytest.mark.parametrize(
    ("train_size", "largest"), [(1000, 512), (512, 512), (511, 256), (40, 32), (5, 16)]
)
def test_batches_are_no_larger_than_the_training_split(train_size, largest):
    space = find_space("batch_size")
    known = parameters(space, context_of(space, train_size=train_size))
    assert max(known["batch_size"].choices or ()) == largest


@pytest.mark.parametrize(
    ("settings", "low", "high"),
    [({}, 4, 16), ({"epochs": 50}, 4, 50), ({"epochs": 2}, 2, 16), ({"epochs": 10}, 4, 16)],
)
def test_who_has_time_may_ask_for_more_epochs(settings, low, high):
    space = find_space("onecycle")
    epochs = parameters(space, context_of(space, **settings))["epochs"]
    assert (epochs.low, epochs.high) == (low, high)


def test_a_peak_that_somebody_has_placed_is_not_searched():
    space = find_space("onecycle")
    context = context_of(space, peak_epoch=2.0)
    assert "peak_share" not in parameters(space, context)
    assert all("peak_share" not in point for point in space.baselines(context))


def test_every_policy_is_compared():
    """A new policy has a line in the space, too, or here a reason why not."""
    assert set(AUGMENTATIONS) == set(POLICIES.names())


def test_changes_to_images_want_a_net_that_sees_them():
    space = find_space("augmentation")
    with pytest.raises(UsageError, match="--set tune=last or --set tune=all"):
        parameters(space, context_of(space, tune="head"))
