"""The expected time of spaces that choose sizes, lengths and what trains; sums by hand."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.plan.estimating import HEAD_SECONDS, Workload, estimate
from orchestrator.plan.likely import Drawn, likely_points
from orchestrator.plan.sizing import choose_sizes, every_size
from orchestrator.plan.value import Resources
from orchestrator.plan.workload import Planned
from search_spaces.space import Space
from trainables.config import TrialConfig

LITE = "tf_efficientnet_lite0"
ONE = Resources(cpus=1, gpus=0, cpus_per_trial=1, gpus_per_trial=0, concurrency=1)
FIXED = {"attack": "none", "backbone": LITE}


def at_100(backbone: str, size: int) -> float:
    """Images a second, whatever the size."""
    del backbone, size
    return 100.0


def workload(
    suggest: Callable[..., Any], first: list[dict[str, Any]], *, trials: int, **base: object
) -> Workload:
    space = Space("made_up", "How long?", suggest, lambda context: first)
    recipe = TrialConfig.model_validate({**FIXED, **base})
    points = likely_points(
        space, recipe.model_dump(mode="json"), {}, {}, train_size=400, searched=True
    )
    return Workload(400, 200, 50, trials, "float32", "cpu", recipe, points)


def test_each_further_trial_counts_as_the_mean_of_what_may_be_drawn():
    """`tune=all`: 7 passes an image trained on, one an image validated on, each epoch.

    2 or 6 epochs, 4 on the average (200 draws: standard error 0.14); the first trial takes 2.
    """

    def suggest(trial, context):
        return {"epochs": trial.suggest_categorical("epochs", (2, 6))}

    an_epoch = (7 * 400 + 200) / 100
    work = workload(suggest, [{"epochs": 2}], trials=11, tune="all")
    found = estimate({LITE: (64,)}, work, ONE, at_100)
    assert found.train == pytest.approx((2 + 10 * 4) * an_epoch + 11 * HEAD_SECONDS, rel=0.1)
    assert (found.extract, found.attack, found.head) == (0, 0, 0)


def test_a_smaller_training_split_costs_less():
    """100 of the 400 images, for the one trial there is."""

    def suggest(trial, context):
        return {"train_size": trial.suggest_int("train_size", 100, 400)}

    work = workload(suggest, [{"train_size": 100}], trials=1, tune="all", epochs=1)
    found = estimate({LITE: (64,)}, work, ONE, at_100)
    assert found.train == pytest.approx((7 * 100 + 200) / 100 + HEAD_SECONDS)


def test_heads_of_all_sizes_share_the_features_of_the_largest():
    """Three draws of the splits: 600 images each, extracted once a draw."""

    def suggest(trial, context):
        return {
            "train_size": trial.suggest_int("train_size", 10, 400, log=True),
            "split_seed": trial.suggest_categorical("split_seed", (0, 1, 2)),
        }

    work = workload(suggest, [{"train_size": 400, "split_seed": 0}], trials=22)
    found = estimate({LITE: (64,)}, work, ONE, at_100)
    assert found.extract == pytest.approx(3 * 600 / 100, rel=0.02)  # 200 draws come near to 400
    assert found.head == pytest.approx(22 * HEAD_SECONDS)


def test_heads_and_nets_in_one_search():
    """One of each: 600 images extracted for the head; the net trains for an epoch."""

    def suggest(trial, context):
        tune = trial.suggest_categorical("tune", ("head", "all"))
        return {"tune": tune, "augment": "none"}

    first = [{"tune": "head"}, {"tune": "all"}]
    found = estimate({LITE: (64,)}, workload(suggest, first, trials=2, epochs=1), ONE, at_100)
    assert found.extract == pytest.approx(600 / 100)
    assert found.train == pytest.approx((7 * 400 + 200) / 100 + 2 * HEAD_SECONDS)


def test_what_cannot_be_trained_takes_no_time():
    """Augmentation under `tune=head` is refused at once: a trial that is drawn trains the net."""

    def suggest(trial, context):
        tune = trial.suggest_categorical("tune", ("head", "all"))
        return {"tune": tune, "augment": "flip_crop"}

    work = workload(suggest, [], trials=4, epochs=1)
    assert {each.recipe.tune for each in work.likely({LITE: (64,)}).further} == {"all"}


@pytest.mark.parametrize(
    ("low", "high", "log", "mean"),
    [(0.0, 2.0, False, 1.0), (1.0, 100.0, True, 99 / 4.60517)],  # (b - a) / ln(b / a)
)
def test_a_draw_is_uniform_in_its_scale(low, high, log, mean):
    drawn = Drawn(random.Random(1), {})
    values = [drawn.suggest_float("x", low, high, log=log) for _ in range(4000)]
    assert low <= min(values) <= max(values) <= high
    assert sum(values) / len(values) == pytest.approx(mean, rel=0.05)


def test_what_is_given_is_not_drawn():
    drawn = Drawn(random.Random(1), {"x": 3, "c": "b"})
    assert drawn.suggest_int("x", 1, 9) == 3
    assert drawn.suggest_categorical("c", "abc") == "b"
    assert {drawn.suggest_int("y", 1, 3) for _ in range(100)} == {1, 2, 3}


@pytest.mark.parametrize(
    ("seconds", "sizes", "reason"),
    [
        # 12 s to start, 10 s to extract each size, 1.5 s for its head: 23.5, 35, 46.5, 58 s, ...
        (1000, (32, 64, 96, 128, 160, 192, 224), "every size that suits all of them"),
        (48, (32, 64, 96), "128 px does not fit"),
        (24, (32,), "64 px does not fit"),
        (5, (32,), "the smallest alone; even this takes longer"),
    ],
)
def test_every_size_up_to_where_the_time_ends(seconds, sizes, reason):
    recipe = TrialConfig.model_validate(FIXED)

    def work(offered: tuple[int, ...]) -> Workload:
        return Workload(800, 200, 0, len(offered), "float32", "cpu", recipe)

    found = every_size((LITE,), work, ONE, lambda name, size: 100.0, seconds, {}, 32)
    assert found.sizes == sizes
    assert reason in found.reason


@pytest.mark.parametrize(
    ("leeway", "epochs", "size"),
    [
        # 200 images/s at 64 px, less with the area. 12 s to start, 3 s for two heads, 15 s for an
        # epoch of 400 images at 64 px; 600 images extracted take 3, 6.75, 12, ..., 36.75 s.
        (1.0, 10, 64),  # too long at any size: the smallest, if a person has set the time
        (1.25, 10, 224),  # 201.75 s after 168 s
        (1.25, 1, 96),  # 36.75 s after 33 s, where 128 px take 42 s
    ],
)
def test_nets_that_train_do_not_make_images_small_for_heads(leeway, epochs, size):
    """The head sees the size that is chosen, the net 64 px."""

    def suggest(trial, context):
        tune = trial.suggest_categorical("tune", ("head", "all"))
        sizes = context.input_sizes if tune == "head" else (64,)
        pixels = trial.suggest_categorical("input_size." + tune, sizes)
        return {"tune": tune, "augment": "none", "input_size": pixels}

    def first(context):
        return [{"tune": "head", "input_size.head": context.input_sizes[-1]}, {"tune": "all"}]

    space = Space("made_up", "How long?", suggest, first)
    recipe = TrialConfig.model_validate({**FIXED, "epochs": epochs})
    base = recipe.model_dump(mode="json")
    points = likely_points(space, base, {}, {}, train_size=400, searched=True)
    work = Workload(400, 200, 0, 2, "float32", "cpu", recipe, points)
    found = choose_sizes(
        (LITE,), work, ONE, lambda name, px: 200 * (64 / px) ** 2, 5, leeway=leeway
    )
    assert found.sizes[-1] == size


@pytest.mark.parametrize(
    ("attack", "passes"),
    [
        ("none", 0),
        ("fgsm", 6 * 100 + 1 * 100),  # PGD comes second, on what is left
        ("pgd:steps=10,restarts=2", 100 * 2 * 20 * 3 / 2),  # two epsilons above 0
        ("apgd_t:steps=5,targets=4", 100 * 2 * 20 * 3 / 2),
        ("square:queries=60", 100 * 2 * 60 / 2),
        ("pgd:steps=10,max_passes=500", 500),
    ],
)
def test_an_attack_in_steps_costs_a_step_an_epsilon(attack, passes):
    recipe = TrialConfig(attack=attack, eps_255=(0, 4, 8))
    load = Workload(1000, 1000, 100, 4, "float32", "cpu", recipe)
    assert load.attacked(Planned("mini_vgg", 32, recipe)) == pytest.approx(passes)


@pytest.mark.parametrize(("way", "steps"), [("none", 0), ("fast", 1), ("pgd", 7), ("trades", 7)])
def test_training_on_attacked_images_costs_its_steps(way, steps):
    """Of mini_vgg 3.5 passes an image, and for each step one forward and half of the way back."""
    recipe = TrialConfig(backbone="mini_vgg", tune="all", adversarial=way, epochs=1)
    load = Workload(1000, 0, 0, 4, "float32", "cpu", recipe)
    expected = 1000 * (3.5 + steps * 2.25)
    assert load.anew(Planned("mini_vgg", 32, recipe)) == pytest.approx(expected)
