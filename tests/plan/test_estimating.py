"""The expected time of a search, on a machine whose speed is made up so that sums are by hand."""

from __future__ import annotations

import pytest

from orchestrator.plan.estimating import (
    ATTACK_PASSES,
    HEAD_SECONDS,
    LAST_STAGE,
    SECOND_PASSES,
    SHARED,
    START_SECONDS,
    Workload,
    estimate,
)
from orchestrator.plan.value import Resources
from trainables.config import TrialConfig

LITE, OTHER, SCRATCH = "tf_efficientnet_lite0", "tf_efficientnet_lite2", "resnet9"
ONE = Resources(cpus=1, gpus=0, cpus_per_trial=1, gpus_per_trial=0, concurrency=1)
PASSES = 7  # of a net with depthwise convolutions, in benchmarks/results/train_passes.md


def work(trials: int = 4, **recipe: object) -> Workload:
    return Workload(
        train=1200,
        val=800,
        attack=200,
        trials=trials,
        precision="float32",
        device="cpu",
        recipe=TrialConfig.model_validate({"epochs": 5, **recipe}),
    )


def at_100(backbone: str, size: int) -> float:
    del backbone, size
    return 100.0


def test_a_head_costs_extraction_once_a_body():
    """Two bodies: 2 x 2,000 images extracted, 4 x 200 attacked, 4 heads."""
    found = estimate({LITE: (128,), OTHER: (128,)}, work(), ONE, at_100)
    assert found.extract == pytest.approx(2 * 2000 / 100)
    assert found.attack == pytest.approx(4 * 200 * (ATTACK_PASSES + SECOND_PASSES) / 100)
    assert (found.head, found.train) == (pytest.approx(4 * HEAD_SECONDS), 0)
    parts = START_SECONDS + found.extract + found.attack + found.head
    assert found.total == pytest.approx(parts)


@pytest.mark.parametrize(
    ("recipe", "extracted", "an_epoch"),
    [
        ({"tune": "all"}, 0, PASSES * 1200 + 800),
        # The front is frozen and its maps are kept: the last stage alone runs in each epoch.
        ({"tune": "last", "augment": "none"}, 0.7 * 2000, 0.3 * (PASSES * 1200 + 800)),
        # Other images each epoch: all of it runs forward, the last stage backward.
        ({"tune": "last", "augment": "flip_crop"}, 0, (1 + (PASSES - 1) * 0.3) * 1200 + 800),
    ],
)
def test_a_net_is_trained_anew_for_every_trial(recipe, extracted, an_epoch):
    """One body, four trials of five epochs."""
    assert LAST_STAGE == 0.3  # as in the rows
    found = estimate({LITE: (128,)}, work(**recipe), ONE, at_100)
    assert found.extract == pytest.approx(extracted / 100)
    assert found.train == pytest.approx(4 * (5 * an_epoch / 100 + HEAD_SECONDS))
    assert found.head == 0
    parts = START_SECONDS + found.extract + found.attack + found.train
    assert found.total == pytest.approx(parts)


def test_baselines_run_at_the_largest_size_and_the_rest_at_any():
    """128 px: 100 images/s, 64 px: 400. Two baselines, two further trials."""
    seconds = {64: 1 / 400, 128: 1 / 100}
    found = estimate(
        {LITE: (64, 128), OTHER: (64, 128)}, work(), ONE, lambda name, size: 1 / seconds[size]
    )
    assert found.extract == pytest.approx(2 * 2000 / 100 + 2 * 2000 / 400)
    passes = 200 * (ATTACK_PASSES + SECOND_PASSES)
    assert found.attack == pytest.approx(passes * (2 / 100 + 2 * (1 / 100 + 1 / 400) / 2))


def test_each_net_is_counted_at_its_own_size():
    """A net from scratch at 32 px, 1,000 images/s; a body at 128 px, 100; two trials."""
    rates = {(SCRATCH, 32): 1000.0, (LITE, 128): 100.0}
    found = estimate(
        {SCRATCH: (32,), LITE: (128,)},
        work(trials=2, tune="all"),
        ONE,
        lambda name, size: rates[name, size],
    )
    lite, scratch = 5 * (PASSES * 1200 + 800), 5 * (3.5 * 1200 + 800)
    assert found.train == pytest.approx(scratch / 1000 + lite / 100 + 2 * HEAD_SECONDS)


def test_fewer_trials_than_backbones_try_some_of_them():
    found = estimate({LITE: (128,), OTHER: (128,)}, work(trials=1), ONE, at_100)
    assert found.extract == pytest.approx(2000 / 100)


def test_trials_side_by_side_share_the_machine():
    two = Resources(cpus=2, gpus=0, cpus_per_trial=1, gpus_per_trial=0, concurrency=2)
    alone = estimate({LITE: (128,)}, work(tune="all"), ONE, at_100)
    found = estimate({LITE: (128,)}, work(tune="all"), two, at_100)
    assert found.train == pytest.approx(alone.train / (2 * SHARED))
