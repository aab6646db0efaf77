"""The choice of the input size, on machines whose speed is made up so that sums are by hand."""

from __future__ import annotations

import pytest

from orchestrator.plan.sizing import (
    ATTACK_PASSES,
    HEAD_SECONDS,
    START_SECONDS,
    Workload,
    choose_sizes,
    common_sizes,
    fixed_size,
)
from orchestrator.plan.value import Resources

LITES = ("tf_efficientnet_lite0", "tf_efficientnet_lite2")
ONE = Resources(cpus=1, gpus=0, cpus_per_trial=1, gpus_per_trial=0, concurrency=1)
WORK = Workload(extract=2000, attack=200, trials=4, precision="float32", device="cpu")


def by_area(at_128: float):
    """Images a second that fall with the area of the input."""
    return lambda backbone, size: at_128 * (128 / size) ** 2


def test_a_fixed_size_costs_what_the_sum_says():
    """Two backbones at 100 images/s: 2 x 2,000 extracted, 4 x 200 attacked."""
    estimate = fixed_size(128, LITES, WORK, ONE, by_area(100)).estimate
    assert estimate.extract == pytest.approx(2 * 2000 / 100)
    assert estimate.attack == pytest.approx(4 * 200 * ATTACK_PASSES / 100)
    assert estimate.head == pytest.approx(4 * HEAD_SECONDS)
    assert estimate.total == pytest.approx(
        START_SECONDS + estimate.extract + estimate.attack + estimate.head
    )


def test_a_fast_machine_takes_the_largest_size():
    sizing = choose_sizes(LITES, WORK, ONE, by_area(100_000), 270)
    assert sizing.sizes[-1] == max(common_sizes(LITES))
    assert "largest that suits all" in sizing.reason


def test_a_slow_machine_takes_the_smallest_and_says_so():
    sizing = choose_sizes(LITES, WORK, ONE, by_area(1), 270)
    assert sizing.sizes == (min(common_sizes(LITES)),)
    assert "even this takes longer" in sizing.reason


@pytest.mark.parametrize("at_128", [50, 80, 120, 200, 400])
def test_the_chosen_size_fits_and_the_next_larger_does_not(at_128):
    rate, seconds = by_area(at_128), 270
    sizing = choose_sizes(LITES, WORK, ONE, rate, seconds)
    assert sizing.estimate.total <= seconds
    sizes = common_sizes(LITES)
    position = sizes.index(sizing.sizes[-1])
    if position + 1 < len(sizes):
        larger = fixed_size(sizes[position + 1], LITES, WORK, ONE, rate)
        assert larger.estimate.total > seconds


def test_a_guess_that_measuring_does_not_bear_out_is_taken_back():
    """A machine that collapses beyond 128 px, which the guess by area does not know."""

    def rate(backbone: str, size: int) -> float:
        return 1000.0 if size <= 128 else 1.0

    assert choose_sizes(LITES, WORK, ONE, rate, 270).sizes[-1] == 128


def test_common_sizes_suit_every_backbone():
    assert set(common_sizes(("alexnet", *LITES))) <= set(common_sizes(LITES))
    assert min(common_sizes(("alexnet", *LITES))) >= 63  # torchvision's alexnet fails below
