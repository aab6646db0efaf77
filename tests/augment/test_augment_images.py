"""Each augmentation on an image made by hand, with the expected pixels written out.

Shapes: N images, C channels, H W pixels.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch

from search_spaces.errors import UsageError
from trainables.augment.affine import Affine
from trainables.augment.base import PerImage, Sequential
from trainables.augment.crop import PadCrop, shift
from trainables.augment.cutout import Cutout
from trainables.augment.flip import AlternatingFlip, RandomFlip
from trainables.augment.jitter import ColourJitter
from trainables.augment.mixup import mixup
from trainables.augment.rand_augment import RandAugment
from trainables.augment.rotation import Rotation
from trainables.augment.warp import maps, warp

# 1 2 3
# 4 5 6
# 7 8 9
NINE = (torch.arange(9.0) + 1).view(1, 1, 3, 3) / 10


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _tenths(images_NCHW: torch.Tensor) -> list[list[float]]:
    return [[round(10 * v, 4) for v in row] for row in images_NCHW[0, 0].tolist()]


def test_a_flip_mirrors_left_and_right() -> None:
    flipped = RandomFlip(p=1.0)(NINE, _generator())
    assert _tenths(flipped) == [[3, 2, 1], [6, 5, 4], [9, 8, 7]]


@pytest.mark.parametrize(
    ("down", "right", "expected"),
    [
        (0, 0, [[1, 2, 3], [4, 5, 6], [7, 8, 9]]),
        (1, 0, [[4, 5, 6], [7, 8, 9], [4, 5, 6]]),  # the last row is mirrored about row 7 8 9
        (-1, 0, [[4, 5, 6], [1, 2, 3], [4, 5, 6]]),
        (0, 2, [[3, 2, 1], [6, 5, 4], [9, 8, 7]]),
        (-2, 1, [[8, 9, 8], [5, 6, 5], [2, 3, 2]]),
    ],
)
def test_a_crop_mirrors_what_it_lacks(down: int, right: int, expected: list[list[float]]) -> None:
    shifted = shift(NINE, torch.tensor([down]), torch.tensor([right]))
    assert _tenths(shifted) == expected


def test_crops_are_windows_of_the_reflected_padding_each_equally_often() -> None:
    image = torch.rand(1, 3, 6, 7, generator=_generator())
    padded = torch.nn.functional.pad(image, (2, 2, 2, 2), mode="reflect")
    windows = [padded[0, :, y : y + 6, x : x + 7] for y in range(5) for x in range(5)]
    crops = PadCrop(2)(image.expand(2500, -1, -1, -1), _generator(1))
    counts = [int((crops == window).flatten(1).all(dim=1).sum()) for window in windows]
    assert sum(counts) == 2500
    # Binomial(2500, 1 / 25): mean 100, standard deviation 9.8; 4.5 of them.
    assert min(counts) > 56 and max(counts) < 144


def test_a_cutout_is_a_whole_square_of_the_mean_colour_anywhere() -> None:
    images = torch.zeros(3000, 3, 4, 5)
    cut = Cutout(2, (0.1, 0.2, 0.3))(images, _generator())
    filled_NHW = cut[:, 0] > 0
    assert torch.equal(filled_NHW.flatten(1).sum(dim=1), torch.full((3000,), 4))
    values_KC = cut.permute(0, 2, 3, 1)[filled_NHW]
    assert torch.equal(values_KC, torch.tensor([0.1, 0.2, 0.3]).expand_as(values_KC))
    places = {tuple(torch.nonzero(one)[0].tolist()) for one in filled_NHW}
    assert places == {(y, x) for y in range(3) for x in range(4)}
    first = torch.nonzero(filled_NHW[0])
    assert (first.amax(dim=0) - first.amin(dim=0)).tolist() == [1, 1]


def test_a_cutout_of_one_channel_with_one_mean() -> None:
    cut = Cutout(3, (0.5,))(NINE, _generator())
    assert _tenths(cut) == [[5, 5, 5]] * 3


def test_alternating_flip_shows_each_image_both_ways_in_any_two_epochs() -> None:
    n = 2000
    images = torch.tensor([0.0, 1.0]).view(1, 1, 1, 2).expand(n, 1, 1, 2)
    rows = torch.arange(n)
    flipped = [
        AlternatingFlip(seed=3)(images, _generator(e), epoch=e, rows_N=rows)[:, 0, 0, 0]
        for e in range(4)
    ]
    assert torch.equal(flipped[0], 1 - flipped[1])
    assert torch.equal(flipped[0], flipped[2]) and torch.equal(flipped[1], flipped[3])
    # A half: Binomial(2000, 0.5) has a standard deviation of 22; and neighbours are independent.
    assert abs(int(flipped[0].sum()) - 1000) < 100
    assert abs(int((flipped[0][1:] == flipped[0][:-1]).sum()) - 1000) < 100
    other = AlternatingFlip(seed=4)(images, _generator(), epoch=0, rows_N=rows)[:, 0, 0, 0]
    assert abs(int((other == flipped[0]).sum()) - 1000) < 100


def test_alternating_flip_follows_the_row_not_the_place_in_the_batch() -> None:
    images = torch.rand(50, 1, 2, 2, generator=_generator())
    order = torch.randperm(50, generator=_generator(1))
    flip = AlternatingFlip()
    straight = flip(images, _generator(), epoch=1, rows_N=torch.arange(50))
    shuffled = flip(images[order], _generator(), epoch=1, rows_N=order)
    assert torch.equal(straight[order], shuffled)
    with pytest.raises(UsageError, match="row"):
        flip(images, _generator())


@pytest.mark.parametrize(
    ("degrees", "expected"),
    [
        (90.0, [[7, 4, 1], [8, 5, 2], [9, 6, 3]]),  # clockwise: the left column goes up
        (-90.0, [[3, 6, 9], [2, 5, 8], [1, 4, 7]]),
        (180.0, [[9, 8, 7], [6, 5, 4], [3, 2, 1]]),
        (0.0, [[1, 2, 3], [4, 5, 6], [7, 8, 9]]),
    ],
)
def test_rotation_by_right_angles(degrees: float, expected: list[list[float]]) -> None:
    assert _tenths(Rotation((degrees, degrees))(NINE, _generator())) == expected


def test_what_turns_in_from_outside_is_the_mean_colour() -> None:
    image = torch.ones(1, 3, 9, 9)
    turned = Rotation((45.0, 45.0), (0.1, 0.2, 0.3))(image, _generator())
    assert turned[0, :, 0, 0].tolist() == pytest.approx([0.1, 0.2, 0.3])
    assert turned[0, :, 4, 4].tolist() == pytest.approx([1, 1, 1])


def _one(value: float) -> torch.Tensor:
    return torch.tensor([value])


@pytest.mark.parametrize(
    ("drawn", "expected"),
    [
        ({"right_N": _one(1.0)}, [[0, 1, 2], [0, 4, 5], [0, 7, 8]]),
        ({"down_N": _one(1.0)}, [[0, 0, 0], [1, 2, 3], [4, 5, 6]]),
        # Lower rows go to the right, upper ones to the left, the middle one stays.
        ({"shear_x_N": _one(1.0)}, [[2, 3, 0], [4, 5, 6], [0, 7, 8]]),
        ({"shear_y_N": _one(1.0)}, [[4, 2, 0], [7, 5, 3], [0, 8, 6]]),
        # Three times as large: the outermost pixels come from a third of the way out.
        (
            {"scale_N": _one(3.0)},
            [[3.6667, 4, 4.3333], [4.6667, 5, 5.3333], [5.6667, 6, 6.3333]],
        ),
        # Turned first, then moved: right is right as seen.
        ({"degrees_N": _one(90.0), "right_N": _one(1.0)}, [[0, 7, 4], [0, 8, 5], [0, 9, 6]]),
    ],
)
def test_affine_maps(drawn: dict[str, torch.Tensor], expected: list[list[float]]) -> None:
    assert _tenths(warp(NINE, maps(**drawn), (0.0,))) == expected


def test_a_warp_of_an_image_that_is_not_square_keeps_angles() -> None:
    # A cross of ones in 5 x 9: turned by a right angle about its centre it is itself.
    image = torch.zeros(1, 1, 5, 9)
    image[0, 0, 1:4, 4] = 1
    image[0, 0, 2, 3:6] = 1
    turned = warp(image, maps(_one(90.0)), (0.0,))
    assert torch.allclose(turned, image, atol=1e-5)


def test_affine_draws_within_its_ranges() -> None:
    image = torch.zeros(1, 1, 1, 20)
    image[..., 10] = 1
    moved = Affine(translate=(0.2, 0.4), mean_C=(0.0,))(image.expand(500, -1, -1, -1), _generator())
    centre_N = (moved[:, 0].sum(dim=1) * torch.arange(20)).sum(dim=1) / moved[:, 0].sum(dim=(1, 2))
    # Down by 0.2 to 0.4 of one pixel, to the right by 4 to 8 of 20.
    assert float(centre_N.min()) > 13.99 and float(centre_N.max()) < 18.01
    assert float(centre_N.max() - centre_N.min()) > 3.5


def test_mixup_mixes_images_and_targets_by_the_same_share() -> None:
    # Image n is all n / 10 and its target is class n: the mix can be read from either.
    n = 10
    images = (torch.arange(n) / 10.0).view(n, 1, 1, 1).expand(n, 3, 2, 2)
    targets = torch.eye(n)
    mixed, soft = mixup(images, targets, 1.0, _generator())
    assert torch.allclose(soft.sum(dim=1), torch.ones(n))
    assert torch.allclose(mixed[:, 0, 0, 0], soft @ (torch.arange(n) / 10.0), atol=1e-6)
    own = soft.diagonal()
    assert bool(((own > 0) & (own <= 1)).all()) and bool((own < 1).any())


@pytest.mark.parametrize("alpha", [0.1, 0.4, 1.0, 4.0])
def test_mixup_shares_are_beta_distributed(alpha: float) -> None:
    n = 20_000
    images = torch.arange(2.0).repeat(n // 2).view(n, 1, 1, 1)
    mixed, _ = mixup(images, torch.eye(2)[torch.arange(n) % 2], alpha, _generator())
    between = mixed.flatten()
    # Half of the pairs differ. Var Beta(a, a) = 1 / (4 (2 a + 1)); a pair that differs has it, one
    # that does not has 1 / 4 about the mean 1 / 2, so the variance is their mean.
    expected = (1 / (4 * (2 * alpha + 1)) + 1 / 4) / 2
    assert float(between.var()) == pytest.approx(expected, abs=0.006)
    assert float(between.mean()) == pytest.approx(0.5, abs=0.015)


def test_mixup_of_alpha_0_is_none_and_below_it_an_error() -> None:
    targets = torch.eye(1)
    assert mixup(NINE, targets, 0, _generator()) == (NINE, targets)
    with pytest.raises(UsageError, match="at least 0"):
        mixup(NINE, targets, -1, _generator())


OPERATIONS: list[tuple[Any, dict[str, Any]]] = [
    (RandomFlip, {}),
    (PadCrop, {"pad": 1}),
    (Cutout, {"size": 2, "mean_C": (0.99,)}),
    (ColourJitter, {"brightness": 0.5}),
    (ColourJitter, {"contrast": 0.5}),
    (Rotation, {"degrees": (20.0, 30.0)}),
    (Affine, {"translate": (0.2, 0.3)}),
    (RandAugment, {"operations": 14}),
]


@pytest.mark.parametrize(("kind", "arguments"), OPERATIONS)
@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
def test_an_operation_happens_to_its_share_of_the_images(
    kind: type[PerImage], arguments: dict[str, Any], p: float
) -> None:
    n = 1000
    images = torch.rand(1, 1, 6, 6, generator=_generator()).expand(n, 1, 6, 6)
    changed = kind(**arguments, p=p)(images, _generator(1))
    count = int((changed != images).flatten(1).any(dim=1).sum())
    # A crop by (0, 0) is no change: 1 of 9.
    share = p * (8 / 9 if kind is PadCrop else 1)
    assert abs(count - n * share) <= 4.5 * (n * share * (1 - share)) ** 0.5


@pytest.mark.parametrize(("kind", "arguments"), OPERATIONS)
def test_images_of_the_same_batch_differ(kind: type[PerImage], arguments: dict[str, Any]) -> None:
    images = torch.rand(1, 1, 6, 6, generator=_generator()).expand(200, 1, 6, 6)
    changed = kind(**arguments, p=0.5)(images, _generator(1))
    assert len(torch.unique(changed.flatten(1), dim=0)) >= 2


@pytest.mark.parametrize(
    "make",
    [
        lambda: RandomFlip(p=1.5),
        lambda: PadCrop(4, p=-0.1),
        lambda: Affine(scale=(0.0, 1.0)),
        lambda: RandAugment(operations=0),
        lambda: RandAugment(magnitude=31),
        lambda: PadCrop(3)(NINE, _generator()),
        lambda: Cutout(4)(NINE, _generator()),
    ],
)
def test_what_cannot_be_is_refused(make: Any) -> None:
    with pytest.raises(UsageError):
        make()


def test_nothing_in_a_row_is_nothing() -> None:
    assert Sequential()(NINE, _generator()) is NINE
