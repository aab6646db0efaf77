"""Mean corruption accuracy, generated and from CIFAR-10-C's files."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from search_spaces.errors import UnavailableError, UsageError
from trainables.corruptions import CORRUPTIONS
from trainables.corruptions.corruption import corrupted
from trainables.corruptions.measuring import CorruptionReport, measure_corruptions
from trainables.corruptions.published import measure_published, open_published


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
        "corruption_passes": 40.0 * (2 * 5 + 1),  # two corruptions, and the clean images
    }
    assert found.by_severity == {1: 1.0, 2: 1.0, 3: 0.75, 4: 0.75, 5: 0.75}
    assert found.by_family == {"weather": pytest.approx(0.7), "digital": 1.0}
    again = CorruptionReport.from_json(json.loads(json.dumps(found.to_json())))
    assert again.accuracy == found.accuracy and again.mean == found.mean
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


ROWS = 40  # a severity; the original has 10,000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As CIFAR-10-C's: files with a severity in each image's first pixel, and labels.npy."""
    place = tmp_path_factory.mktemp("cifar10c")
    images = np.zeros((5 * ROWS, 32, 32, 3), np.uint8)
    images[:, 0, 0, 0] = np.repeat(np.arange(1, 6), ROWS)
    for name in ("fog", "frost"):
        np.save(place / f"{name}.npy", images)
    np.save(place / "labels.npy", np.tile(np.arange(ROWS) % 10, 5).astype(np.uint8))
    return place


def _says_severity(images_NHWC: np.ndarray) -> np.ndarray:
    return images_NHWC[:, 0, 0, 0].astype(np.int64)


def test_the_original_files_are_mapped_and_read_by_severity(folder: Path) -> None:
    files = open_published(folder)
    assert files.names == ("fog", "frost") and files.rows == ROWS
    assert files.labels_N[:12].tolist() == [*range(10), 0, 1]
    for severity in (1, 5):
        images = files.images_of("fog", severity)
        assert isinstance(images, np.memmap) and images.shape == (ROWS, 32, 32, 3)
        assert (images[:, 0, 0, 0] == severity).all()
    found, _ = _ended(measure_published(_says_severity, files, most=20))
    # It says 1 to 5, and of 20 labels two are of each class.
    assert found.accuracy == {"fog": (0.1,) * 5, "frost": (0.1,) * 5}
    assert (found.count, found.clean, found.passes) == (20, None, 20 * 10)
    assert found.provenance["source"] == "CIFAR-10-C"
    assert found.by_family == {"weather": pytest.approx(0.1), "other": pytest.approx(0.1)}


def test_the_digest_is_of_all_that_was_measured(folder: Path, tmp_path: Path) -> None:
    def digest(place: Path, most: int = ROWS) -> str:
        report, _ = _ended(measure_published(_says_severity, open_published(place), most=most))
        return str(report.provenance["sample_digest"])

    for path in folder.glob("*.npy"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    assert digest(tmp_path) == digest(folder) != digest(folder, most=20)
    changed = np.load(folder / "frost.npy")
    changed[-1, 31, 31, 2] += 1  # the last byte of the last image of the last corruption
    np.save(tmp_path / "frost.npy", changed)
    assert digest(tmp_path) != digest(folder)
    assert digest(tmp_path, most=20) == digest(folder, most=20)


def test_what_is_not_in_the_files_is_refused(folder: Path) -> None:
    files = open_published(folder)
    with pytest.raises(UsageError, match="holds fog, frost"):
        files.images_of("snow", 1)
    with pytest.raises(UsageError, match="severity"):
        files.images_of("fog", 6)
    with pytest.raises(UsageError, match="at least one image"):
        next(measure_published(_says_severity, files, most=0))


LABELS = np.tile(np.arange(4), 5).astype(np.uint8)
WRONG: list[tuple[dict[str, Any], str]] = [
    ({}, r"no NAME\.npy"),
    ({"fog": np.zeros((20, 8, 8, 3), np.uint8)}, r"no labels\.npy"),
    ({"labels": LABELS, "fog": np.zeros((4, 8, 8, 3), np.uint8)}, "not uint8 \\(20"),
    ({"labels": LABELS, "fog": np.zeros((20, 8, 8, 3), np.float32)}, "float32"),
    ({"labels": LABELS, "fog": np.zeros((20, 8, 8), np.uint8)}, "its array is"),
    ({"labels": LABELS[:19], "fog": np.zeros((19, 8, 8, 3), np.uint8)}, "not five severities"),
    ({"labels": LABELS * 0.5, "fog": np.zeros((20, 8, 8, 3), np.uint8)}, "whole numbers"),
    ({"labels": np.arange(20), "fog": np.zeros((20, 8, 8, 3), np.uint8)}, "severities differ"),
    ({"labels": LABELS, "fog": np.zeros((20, 8, 8, 3), np.uint8),
      "snow": np.zeros((20, 9, 9, 3), np.uint8)}, "several shapes"),
    ({"labels": LABELS, "fog": b"no array"}, "CIFAR-10-C"),
]  # fmt: skip


@pytest.mark.parametrize(("files", "words"), WRONG)
def test_what_is_not_cifar_10_c_is_refused(
    files: dict[str, Any], words: str, tmp_path: Path
) -> None:
    for name, held in files.items():
        if isinstance(held, bytes):
            (tmp_path / f"{name}.npy").write_bytes(held)
        else:
            np.save(tmp_path / f"{name}.npy", held)
    with pytest.raises(UnavailableError, match=words):
        open_published(tmp_path)


def test_generated_images_are_those_of_corrupted(halves: tuple[np.ndarray, ...]) -> None:
    images, labels = halves
    seen: list[np.ndarray] = []

    def classify(batch: np.ndarray) -> np.ndarray:
        seen.append(batch.copy())
        return np.zeros(len(batch), dtype=np.int64)

    _ended(measure_corruptions(classify, images, labels, names=("fog",), severities=(2,), seed=3))
    assert np.array_equal(seen[0], corrupted(images, "fog", 2, seed=3))
    assert np.array_equal(seen[1], images)
