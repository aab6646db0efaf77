"""Mean corruption accuracy, generated and from CIFAR-10-C's files."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from search_spaces.errors import UnavailableError, UsageError
from trainables.corruptions import CORRUPTIONS
from trainables.corruptions.corruption import corrupted
from trainables.corruptions.measuring import CorruptionReport, measure_corruptions
from trainables.corruptions.published import ROWS, measure_published, published_images


def _ended(run: Generator[Any, None, CorruptionReport]) -> tuple[CorruptionReport, list[Any]]:
    seen = []
    while True:
        try:
            seen.append(next(run))
        except StopIteration as end:
            return end.value, seen


@pytest.fixture(scope="module")
def halves() -> tuple[np.ndarray, np.ndarray]:
    """Dark images of class 0 and light ones of class 1."""
    rng = np.random.default_rng(0)
    labels_N = np.arange(40) % 2
    level_N = np.where(labels_N == 1, 150, 90)[:, None, None, None]
    images = level_N + rng.integers(-10, 11, (40, 32, 32, 3))
    return images.astype(np.uint8), labels_N


def _by_mean(limit: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda images: (images.mean((1, 2, 3)) > limit).astype(np.int64)


def test_the_mean_is_over_corruptions_and_severities(halves: tuple[np.ndarray, ...]) -> None:
    images, labels = halves
    found, seen = _ended(
        measure_corruptions(_by_mean(120), images, labels, names=("brightness", "contrast"))
    )
    # Brightness adds 0.05, 0.1, 0.15, 0.2 or 0.3 of 255: a dark image of 90 and a bit passes for
    # light as soon as more than 30 are added, so from 0.15 (38) on.
    assert found.accuracy["brightness"] == (1.0, 1.0, 0.5, 0.5, 0.5)
    assert found.accuracy["contrast"] == (1.0,) * 5  # means stay
    assert found.mean == pytest.approx((0.7 + 1.0) / 2)
    assert found.clean == 1.0 and found.count == 40
    assert found.metrics() == {
        "corruption_acc": pytest.approx(0.85),
        "corruption_acc_brightness": pytest.approx(0.7),
        "corruption_acc_contrast": 1.0,
        "corruption_n": 40.0,
    }
    assert [(each.done, each.total) for each in seen] == [(n, 10) for n in range(11)]


def test_logits_and_classes_are_taken_alike_and_all_corruptions_run(
    halves: tuple[np.ndarray, ...],
) -> None:
    images, labels = halves[0][:8], halves[1][:8]
    logits = lambda x: np.stack([120 - x.mean((1, 2, 3)), x.mean((1, 2, 3)) - 120], 1)  # noqa: E731
    a, _ = _ended(measure_corruptions(logits, images, labels, severities=(5,)))
    b, _ = _ended(measure_corruptions(_by_mean(120), images, labels, severities=(5,)))
    assert a.accuracy == b.accuracy and set(a.accuracy) == set(CORRUPTIONS.names())
    assert a.provenance["source"] == "generated" and a.provenance["severities"] == [5]


def test_no_images_are_refused() -> None:
    empty = np.empty((0, 32, 32, 3), np.uint8)
    with pytest.raises(UsageError, match="at least one image"):
        next(measure_corruptions(_by_mean(1), empty, np.empty(0, np.int64)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As CIFAR-10-C's: fog.npy with a severity in each image's first pixel, and labels.npy."""
    place = tmp_path_factory.mktemp("cifar10c")
    images = np.lib.format.open_memmap(
        place / "fog.npy", mode="w+", dtype=np.uint8, shape=(5 * ROWS, 32, 32, 3)
    )
    images[:, 0, 0, 0] = np.repeat(np.arange(1, 6), ROWS)
    images.flush()
    np.save(place / "labels.npy", np.tile(np.arange(ROWS) % 10, 5).astype(np.uint8))
    return place


def test_the_original_files_are_read_by_severity(folder: Path) -> None:
    for severity in (1, 5):
        images, labels = published_images(folder, "fog", severity)
        assert images.shape == (ROWS, 32, 32, 3) and (images[:, 0, 0, 0] == severity).all()
        assert labels[:12].tolist() == [*range(10), 0, 1]
    found, _ = _ended(measure_published(lambda x: np.minimum(x[:, 0, 0, 0], 3), folder, most=200))
    # It says 1, 2, 3, 3, 3, and a tenth of the labels is each class.
    assert found.accuracy == {"fog": (0.1,) * 5} and found.count == 200 and found.clean is None
    assert found.provenance["source"] == "CIFAR-10-C"


def test_what_is_not_cifar_10_c_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match=r"no NAME\.npy"):
        published_images(tmp_path, "fog", 1)
    with pytest.raises(UsageError, match="holds fog"):
        published_images(folder, "snow", 1)
    with pytest.raises(UsageError, match="severity"):
        published_images(folder, "fog", 6)
    np.save(tmp_path / "labels.npy", np.zeros(5 * ROWS, np.uint8))
    np.save(tmp_path / "fog.npy", np.zeros((4, 32, 32, 3), np.uint8))
    with pytest.raises(UnavailableError, match="its array is"):
        published_images(tmp_path, "fog", 1)
    (tmp_path / "fog.npy").write_bytes(b"no array")
    with pytest.raises(UnavailableError, match="CIFAR-10-C"):
        published_images(tmp_path, "fog", 1)


def test_generated_images_are_those_of_corrupted(halves: tuple[np.ndarray, ...]) -> None:
    images, labels = halves
    seen: list[np.ndarray] = []

    def classify(batch: np.ndarray) -> np.ndarray:
        seen.append(batch.copy())
        return np.zeros(len(batch), dtype=np.int64)

    _ended(measure_corruptions(classify, images, labels, names=("fog",), severities=(2,), seed=3))
    assert np.array_equal(seen[0], corrupted(images, "fog", 2, seed=3))
    assert np.array_equal(seen[1], images)
