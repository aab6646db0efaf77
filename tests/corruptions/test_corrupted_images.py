"""Corruptions against formulas and other libraries, and what must hold of every one."""

from __future__ import annotations

import colorsys
import io

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from search_spaces.errors import UnknownNameError, UsageError
from trainables.corruptions import CORRUPTIONS, SEVERITIES
from trainables.corruptions.corruption import corrupted

FAMILIES = {
    "noise": {"gaussian_noise", "shot_noise", "impulse_noise"},
    "blur": {"defocus_blur", "glass_blur", "motion_blur", "zoom_blur"},
    "weather": {"snow", "fog", "brightness"},
    "digital": {"contrast", "elastic_transform", "pixelate", "jpeg_compression"},
}


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    """Smooth coloured images with an edge in each, [12, 32, 32, 3]."""
    rng = np.random.default_rng(0)
    blobs = ndimage.gaussian_filter(rng.normal(size=(12, 32, 32, 3)), (0, 3, 3, 0))
    blobs = (blobs - blobs.min()) / np.ptp(blobs) * 0.7 + 0.1
    blobs[:, 10:20, 12:22] = 1 - blobs[:, 10:20, 12:22]
    return np.rint(blobs * 255).astype(np.uint8)


def _distance(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a.astype(float) - b.astype(float)).mean())


def test_the_suite_is_that_of_cifar_10_c_but_for_frost() -> None:
    by_family: dict[str, set[str]] = {}
    for name in CORRUPTIONS.names():
        found = CORRUPTIONS.get(name)
        assert found.name == name and len(found.levels) == 5
        by_family.setdefault(found.family, set()).add(name)
    assert by_family == FAMILIES


@pytest.mark.parametrize("name", CORRUPTIONS.names())
def test_every_corruption_is_reproducible_and_grows(name: str, pictures: np.ndarray) -> None:
    found = [corrupted(pictures, name, severity, seed=1) for severity in SEVERITIES]
    for each in found:
        assert each.shape == pictures.shape and each.dtype == np.uint8
    assert np.array_equal(found[2], corrupted(pictures, name, 3, seed=1))
    # One image alone is treated as it is among others.
    assert np.array_equal(found[2][5:6], corrupted(pictures[5:6], name, 3, seed=1))
    away = [_distance(each, pictures) for each in found]
    # The paper's levels of elastic_transform trade pulling corners for ripples.
    assert away[0] > 0 and (away[0] < away[-1] or name == "elastic_transform")
    # It is still the picture: nearer to its own than to another.
    others = _distance(found[-1], np.roll(pictures, 1, axis=0))
    assert away[-1] < others


RANDOM = [
    "gaussian_noise", "shot_noise", "impulse_noise", "glass_blur", "motion_blur", "snow", "fog",
    "elastic_transform",
]  # fmt: skip


@pytest.mark.parametrize("name", CORRUPTIONS.names())
def test_the_seed_decides_what_is_random(name: str, pictures: np.ndarray) -> None:
    one, other = (corrupted(pictures, name, 3, seed=seed) for seed in (1, 2))
    assert np.array_equal(one, other) is (name not in RANDOM)


@pytest.mark.parametrize("name", CORRUPTIONS.names())
@pytest.mark.parametrize("shape", [(1, 8, 8, 3), (1, 96, 64, 3)])
def test_any_size_will_do(name: str, shape: tuple[int, ...]) -> None:
    images = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    assert corrupted(images, name, 5).shape == shape


@pytest.fixture(scope="module")
def grey() -> np.ndarray:
    """One large image of value 128, on which noise can be measured."""
    return np.full((1, 200, 200, 3), 128, dtype=np.uint8)


@pytest.mark.parametrize(
    ("name", "severity", "std"),
    [
        ("gaussian_noise", 1, 0.04),
        ("gaussian_noise", 5, 0.10),
        # Poisson: the variance of a count is its mean, 50 * 128 / 255.
        ("shot_noise", 5, (50 * 128 / 255) ** 0.5 / 50),
        ("shot_noise", 1, (500 * 128 / 255) ** 0.5 / 500),
    ],
)
def test_noise_has_its_standard_deviation(
    name: str, severity: int, std: float, grey: np.ndarray
) -> None:
    noise = corrupted(grey, name, severity).astype(float) / 255 - 128 / 255
    assert noise.std() == pytest.approx(std, rel=0.02)
    assert abs(noise.mean()) < 0.002


def test_impulses_are_white_or_black_in_equal_parts(grey: np.ndarray) -> None:
    found = corrupted(grey, "impulse_noise", 5)
    assert set(np.unique(found)) == {0, 128, 255}
    assert (found == 0).mean() == pytest.approx(0.035, rel=0.1)
    assert (found == 255).mean() == pytest.approx(0.035, rel=0.1)


@pytest.mark.parametrize("name", sorted(FAMILIES["blur"] | {"elastic_transform", "pixelate"}))
def test_blur_leaves_an_even_image_as_it_is(name: str, grey: np.ndarray) -> None:
    found = corrupted(grey[:, :40, :40], name, 5)
    assert np.abs(found.astype(int) - 128).max() <= 1


def test_blur_takes_away_the_finest_detail(pictures: np.ndarray) -> None:
    def detail(images: np.ndarray) -> float:
        return float(np.diff(images.astype(float), axis=2).std())

    for name in FAMILIES["blur"] - {"glass_blur"}:  # which moves pixels about, too
        assert detail(corrupted(pictures, name, 5)) < 0.9 * detail(pictures)


def test_brightness_is_the_value_of_hsv(pictures: np.ndarray) -> None:
    found = corrupted(pictures[:1], "brightness", 3)[0]
    for row, column in [(0, 0), (5, 17), (15, 15), (31, 2)]:
        h, s, v = colorsys.rgb_to_hsv(*(pictures[0, row, column] / 255))
        expected = np.array(colorsys.hsv_to_rgb(h, s, min(1, v + 0.15))) * 255
        assert np.abs(found[row, column] - expected).max() <= 0.51
    black = corrupted(np.zeros((1, 8, 8, 3), np.uint8), "brightness", 5)
    assert (black == round(0.3 * 255)).all()


def test_contrast_keeps_the_means_and_shrinks_the_rest(pictures: np.ndarray) -> None:
    found = corrupted(pictures, "contrast", 4).astype(float)
    before = pictures.astype(float)
    assert np.abs(found.mean((1, 2)) - before.mean((1, 2))).max() < 0.6
    assert found.std((1, 2)) == pytest.approx(0.3 * before.std((1, 2)), rel=0.05)


@pytest.mark.parametrize(("severity", "quality"), [(1, 80), (5, 40)])
def test_jpeg_is_pillows(severity: int, quality: int, pictures: np.ndarray) -> None:
    file = io.BytesIO()
    Image.fromarray(pictures[0]).save(file, "JPEG", quality=quality)
    expected = np.asarray(Image.open(file))
    assert np.array_equal(corrupted(pictures[:1], "jpeg_compression", severity)[0], expected)


def test_pixelate_shrinks_to_twenty_pixels_at_the_fifth_severity(pictures: np.ndarray) -> None:
    picture = Image.fromarray(pictures[0]).resize((20, 20), Image.Resampling.BOX)
    expected = np.asarray(picture.resize((32, 32), Image.Resampling.BOX))
    assert np.array_equal(corrupted(pictures[:1], "pixelate", 5)[0], expected)


def test_motion_moves_a_point_along_one_line() -> None:
    point = np.zeros((1, 33, 33, 3), dtype=np.uint8)
    point[0, 16, 10] = 255
    found = corrupted(point, "motion_blur", 5)[0, ..., 0].astype(float)
    rows, columns = np.nonzero(found > 3)
    assert columns.min() >= 9 and columns.max() >= 12 and np.ptp(rows) <= np.ptp(columns) + 1
    assert found.sum() == pytest.approx(255, rel=0.1)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (("frost", 1), UnknownNameError, "There is no corruption 'frost'"),
        (("fog", 6), UsageError, "1, 2, 3, 4 or 5. Got: 6"),
        (("fog", 0), UsageError, "1, 2, 3, 4 or 5"),
    ],
)
def test_mistakes_are_told(
    arguments: tuple[str, int], error: type[UsageError], words: str, pictures: np.ndarray
) -> None:
    with pytest.raises(error) as caught:
        corrupted(pictures, *arguments)
    assert words in str(caught.value)


def test_floats_are_refused(pictures: np.ndarray) -> None:
    with pytest.raises(UsageError, match="uint8"):
        corrupted(pictures / 255, "fog", 1)
