"""The choice of the input size, on machines whose speed is made up so that sums are by hand."""

from __future__ import annotations

import pytest

from orchestrator.plan.estimating import Workload
from orchestrator.plan.sizing import choose_sizes, common_sizes, fixed_size
from orchestrator.plan.value import Resources
from trainables.config import TrialConfig

LITES = ("tf_efficientnet_lite0", "tf_efficientnet_lite2")
ONE = Resources(cpus=1, gpus=0, cpus_per_trial=1, gpus_per_trial=0, concurrency=1)
OWN = {"resnet9": 32, "mlp": 32}


def work(tune: str = "head") -> Workload:
    recipe = TrialConfig(tune=tune, epochs=2)  # type: ignore[arg-type]
    return Workload(1000, 1000, 200, 4, precision="float32", device="cpu", recipe=recipe)


def by_area(at_128: float):
    """Images a second that fall with the area of the input."""
    return lambda backbone, size: at_128 * (128 / size) ** 2


def test_a_fast_machine_takes_the_largest_size():
    sizing = choose_sizes(LITES, work(), ONE, by_area(100_000), 270)
    assert sizing.sizes[-1] == max(common_sizes(LITES))
    assert "largest that suits all of them" in sizing.reason


def test_a_slow_machine_takes_the_smallest_and_says_so():
    sizing = choose_sizes(LITES, work(), ONE, by_area(1), 270)
    assert sizing.sizes == (min(common_sizes(LITES)),)
    assert "even this takes longer" in sizing.reason


@pytest.mark.parametrize("tune", ["head", "all"])
@pytest.mark.parametrize("at_128", [50, 80, 120, 200, 400])
@pytest.mark.parametrize("own", [{}, OWN])
def test_the_chosen_size_fits_and_the_next_larger_does_not(at_128, tune, own):
    rate, seconds = by_area(at_128), 270
    names = (*own, *LITES)
    sizing = choose_sizes(names, work(tune), ONE, rate, seconds, own)
    sizes = common_sizes(LITES)
    position = sizes.index(sizing.sizes[-1])
    assert sizing.estimate.total <= seconds or position == 0
    if position + 1 < len(sizes) and not own:
        larger = fixed_size(sizes[position + 1], LITES, work(tune), ONE, rate)
        assert larger.estimate.total > seconds


def test_a_guess_that_measuring_does_not_bear_out_is_taken_back():
    """A machine that collapses beyond 128 px, which the guess by area does not know."""

    def rate(backbone: str, size: int) -> float:
        return 1000.0 if size <= 128 else 1.0

    assert choose_sizes(LITES, work(), ONE, rate, 270).sizes[-1] == 128


def test_common_sizes_suit_every_backbone():
    assert set(common_sizes(("alexnet", *LITES))) <= set(common_sizes(LITES))
    assert min(common_sizes(("alexnet", *LITES))) >= 63  # torchvision's alexnet fails below


def test_nets_with_a_size_of_their_own_leave_the_choice_to_the_others():
    """The same sizes as without them, and each is measured where it is going to run."""
    asked = set()

    def rate(backbone: str, size: int) -> float:
        asked.add((backbone, size))
        return 100_000.0

    mixed = choose_sizes((*OWN, *LITES), work("all"), ONE, rate, 270, OWN)
    assert mixed.sizes == choose_sizes(LITES, work("all"), ONE, rate, 270).sizes
    assert {pair for pair in asked if pair[0] in OWN} == set(OWN.items())
    assert mixed.reason.endswith("; resnet9, mlp at 32 px")
    assert "suits the pretrained ones" in mixed.reason


@pytest.mark.parametrize(
    ("own", "sizes", "reason"),
    [
        ({"resnet9": 32, "mlp": 32}, (32,), "what nets from scratch are made for"),
        ({"resnet9": 32, "mlp": 64}, (), "resnet9 at 32 px; mlp at 64 px"),
    ],
)
def test_nets_from_scratch_alone_have_nothing_to_choose(own, sizes, reason):
    sizing = choose_sizes(tuple(own), work("all"), ONE, by_area(1000), 270, own)
    assert (sizing.sizes, sizing.reason) == (sizes, reason)
    assert sizing.estimate.train > 0


def test_a_size_that_a_person_has_fixed_is_everybodys():
    asked = set()

    def rate(backbone: str, size: int) -> float:
        asked.add((backbone, size))
        return 100.0

    assert fixed_size(64, (*OWN, *LITES), work("all"), ONE, rate).sizes == (64,)
    assert asked == {(name, 64) for name in (*OWN, *LITES)}
