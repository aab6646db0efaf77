"""Colours: torchvision's answer for one image at a time, and RandAugment's operations."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torchvision.transforms.v2 import functional as torchvisions

from trainables.augment import colour, rand_operations
from trainables.augment.jitter import ColourJitter
from trainables.augment.rand_augment import OPERATIONS, RandAugment


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _images(n: int = 5, *, channels: int = 3, side: int = 8) -> torch.Tensor:
    """In 8 bits, with a flat one, a black one and one in pure colours."""
    drawn = (
        torch.randint(0, 256, (n, channels, side - 1, side), generator=_generator(7)).float() / 255
    )
    drawn[1] = 0.4
    drawn[2] = 0
    drawn[3] = (drawn[3] > 0.5).float()
    return drawn


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    ("ours", "theirs", "factors"),
    [
        (colour.adjust_brightness, torchvisions.adjust_brightness, [0.0, 0.5, 1.0, 1.5, 2.0]),
        (colour.adjust_contrast, torchvisions.adjust_contrast, [0.0, 0.5, 1.0, 1.5, 2.0]),
        (colour.adjust_saturation, torchvisions.adjust_saturation, [0.0, 0.5, 1.0, 1.5, 2.0]),
        (colour.adjust_sharpness, torchvisions.adjust_sharpness, [0.0, 0.5, 1.0, 1.5, 2.0]),
        (colour.adjust_hue, torchvisions.adjust_hue, [-0.5, -0.2, 0.0, 0.1, 0.5]),
    ],
)
def test_each_image_by_its_own_factor_as_torchvision_does_one(
    ours: Any, theirs: Any, factors: list[float], channels: int
) -> None:
    images = _images(channels=channels)
    changed = ours(images, torch.tensor(factors))
    for image, factor, mine in zip(images, factors, changed, strict=True):
        assert torch.allclose(mine, theirs(image, factor), atol=3e-6)


def test_colours_by_hand() -> None:
    # Luma 0.2989 r + 0.587 g + 0.114 b of (1, 0.5, 0) is 0.5924.
    image = torch.tensor([1.0, 0.5, 0.0]).view(1, 3, 1, 1)
    grey = colour.adjust_saturation(image, torch.tensor([0.0]))
    assert grey.flatten().tolist() == pytest.approx([0.5924] * 3)
    # A third of a turn: red's part goes to green, green's to blue, blue's to red.
    turned = colour.adjust_hue(image, torch.tensor([1 / 3]))
    assert turned.flatten().tolist() == pytest.approx([0.0, 1.0, 0.5], abs=1e-6)


@pytest.mark.parametrize(
    ("part", "least", "most"),
    [({"brightness": 0.25}, 0.375, 0.625), ({"brightness": 2.0}, 0.0, 1.0)],
)
def test_jitter_draws_over_its_whole_range(
    part: dict[str, float], least: float, most: float
) -> None:
    images = torch.full((3000, 3, 1, 1), 0.5)
    changed = ColourJitter(**part)(images, _generator())
    assert float(changed.min()) == pytest.approx(least, abs=0.005)
    assert float(changed.max()) == pytest.approx(most, abs=0.005)
    assert float(changed.min()) >= least and float(changed.max()) <= most


def _eight_bits(images: torch.Tensor) -> torch.Tensor:
    return (images * 255).round().to(torch.uint8)


@pytest.mark.parametrize("strength", [0.0, 0.3, 0.5, 1.0])
def test_posterize_is_that_of_eight_bits(strength: float) -> None:
    images = _images()
    bits = 8 - round(4 * strength)
    expected = torchvisions.posterize(_eight_bits(images), bits).float() / 255
    changed = rand_operations.posterize(images, torch.ones(5), strength, (0.5,))
    assert torch.allclose(changed, expected, atol=1e-6)


@pytest.mark.parametrize("strength", [0.0, 0.3, 1.0])
def test_unsigned_operations_are_torchvisions(strength: float) -> None:
    images, ones = _images(), torch.ones(5)
    for ours, expected in (
        (rand_operations.autocontrast, torchvisions.autocontrast(images)),
        (rand_operations.solarize, torchvisions.solarize(images, 1 - strength)),
        (rand_operations.equalize, torchvisions.equalize(_eight_bits(images)).float() / 255),
        (rand_operations.identity, images),
    ):
        assert torch.allclose(ours(images, ones, strength, (0.5,)), expected, atol=2e-6)


@pytest.mark.parametrize("sign", [-1, 1])
def test_signed_operations_go_both_ways(sign: int) -> None:
    images, signs = _images(), torch.full((5,), float(sign))
    factor = 1 + sign * 0.9 * 0.5
    for ours, expected in (
        (rand_operations.brightness, torchvisions.adjust_brightness(images, factor)),
        (rand_operations.saturation, torchvisions.adjust_saturation(images, factor)),
        (rand_operations.sharpness, torchvisions.adjust_sharpness(images, factor)),
        (
            rand_operations.contrast,
            torch.stack([torchvisions.adjust_contrast(image, factor) for image in images]),
        ),
    ):
        assert torch.allclose(ours(images, signs, 0.5, (0.5,)), expected, atol=2e-6)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # A dot at (1, 1) above and left of the centre of 9 x 9, at most strength in these units.
        ("translate_x", {1: (4, 8), -1: (4, 0)}),
        ("translate_y", {1: (8, 4), -1: (0, 4)}),
    ],
)
def test_translations_move_a_dot(name: str, expected: dict[int, tuple[int, int]]) -> None:
    image = torch.zeros(1, 1, 9, 9)
    image[0, 0, 4, 4] = 1
    strength = 4 / (150 / 331 * 9)  # four pixels
    for sign, place in expected.items():
        signs = torch.tensor([float(sign)])
        moved = getattr(rand_operations, name)(image, signs, strength, (0.0,))
        assert divmod(int(moved.argmax()), 9) == place
        assert float(moved.max()) == pytest.approx(1, abs=1e-4)


def test_rotation_and_shears_of_a_dot() -> None:
    # 30 degrees clockwise take a dot 10 to the right of the centre to (8.66, 5) right and down;
    # a shear of 0.3 takes one 10 below the centre 3 to the right.
    def moved(name: str, y: int, x: int) -> tuple[int, int]:
        image = torch.zeros(1, 1, 31, 31)
        image[0, 0, 15 + y, 15 + x] = 1
        changed = getattr(rand_operations, name)(image, torch.ones(1), 1.0, (0.0,))
        row, column = divmod(int(changed.argmax()), 31)
        return row - 15, column - 15

    assert moved("rotate", 0, 10) == (5, 9)
    assert moved("shear_x", 10, 0) == (10, 3)
    assert moved("shear_y", 0, 10) == (3, 10)


def _telling() -> torch.Tensor:
    """One image that every operation changes: `equalize` needs 256 pixels, `autocontrast` room."""
    return (_images(side=20)[:1] * 0.7 * 255).round() / 255 + 0.1


def test_each_operation_of_randaugment_is_drawn_equally_often() -> None:
    n = 7001  # not a multiple of 14
    image = _telling().expand(n, -1, -1, -1)
    changed = RandAugment(operations=1, magnitude=30)(image, _generator())
    seen = 0
    for operation in OPERATIONS:
        both = [operation(image[:1], torch.tensor([s]), 1.0, (0.5,)) for s in (-1.0, 1.0)]
        near = [(changed - other).abs().flatten(1).amax(dim=1) < 1e-5 for other in both]
        count = int((near[0] | near[1]).sum())
        assert 501 - 13 <= count <= 501  # of 14 x 501 slots, 13 have no image
        seen += count
    assert seen == n  # and no two operations were taken for one another


@pytest.mark.slow
def test_an_image_alone_gets_every_operation_in_the_long_run() -> None:
    image = _telling()
    augment, generator = RandAugment(operations=1, magnitude=30), _generator()
    results = torch.stack([augment(image, generator)[0] for _ in range(280)])
    unchanged = int((results == image).flatten(1).all(dim=1).sum())
    # Binomial(280, 1 / 14): 20 with a standard deviation of 4.3.
    assert 3 <= unchanged <= 38
    assert len(torch.unique(results.flatten(1), dim=0)) == 4 + 1 + 9 * 2
