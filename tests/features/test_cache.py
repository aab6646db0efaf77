"""The cache in one process: same numbers as without it, extracted once, mended when broken."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from feature_parts import (
    TinyNet,
    direct_features,
    drain,
    extract,
    features_of,
    tiny_key,
)

from search_spaces.errors import TrialFailed, UnavailableError
from trainables.features import empty_cache, list_cache, store

INDICES = np.array([17, 3, 250, 3, 0, 399, 42])  # neither sorted nor unique


def never() -> TinyNet:
    raise AssertionError("a warm cache must not build the body")


def segments(home: Path) -> list[Path]:
    return sorted(home.glob("features/*/*.seg"))


def test_features_equal_a_direct_forward_pass_in_the_order_asked() -> None:
    block = extract(INDICES)
    assert block.features_NF.dtype == np.float32
    assert block.extracted == 6  # 3 counts once
    # float32 has 2^-24 of rounding a step, a few dozen steps
    np.testing.assert_allclose(block.features_NF, direct_features(INDICES), rtol=1e-5, atol=1e-6)


def test_a_warm_cache_gives_the_same_bits_without_a_body() -> None:
    cold = extract(INDICES)
    warm = extract(INDICES, net=never)
    assert (warm.extracted, warm.images_per_second) == (0, 0.0)
    np.testing.assert_array_equal(warm.features_NF, cold.features_NF)


@pytest.mark.parametrize(
    ("first", "second", "extracted"),
    [
        (range(100), range(100), 0),
        (range(100), range(50), 0),
        (range(100), range(50, 150), 50),
        (range(0, 100, 2), range(100), 50),
        ([5], [6, 5, 7], 2),
        (range(10), range(20, 30), 10),
    ],
)
def test_other_splits_reuse_what_is_there(first: range, second: range, extracted: int) -> None:
    extract(np.array(first))
    block = extract(np.array(second))
    assert block.extracted == extracted
    expected = direct_features(np.array(second))
    np.testing.assert_allclose(block.features_NF, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "changes",
    [
        {"data_digest": "ffff"},
        {"backbone": "timm:other/net"},
        {"input_size": 11},
        {"resize": "bicubic"},
        {"precision": "bfloat16"},
    ],
)
def test_another_key_shares_nothing(changes: dict[str, object]) -> None:
    extract(INDICES)
    assert extract(INDICES, key=tiny_key(**changes)).extracted == 6


def test_bfloat16_features_are_within_bfloat16_rounding_and_half_the_size(own_home: Path) -> None:
    key = tiny_key(precision="bfloat16")
    cold = extract(INDICES, key=key)
    direct = direct_features(INDICES)
    # 8 significant bits in weights and activations: 2^-8 each of values up to about 3
    np.testing.assert_allclose(cold.features_NF, direct, atol=3 * 2 * 2**-8)
    assert not np.array_equal(cold.features_NF, direct.astype(np.float32))
    np.testing.assert_array_equal(
        extract(INDICES, net=never, key=key).features_NF, cold.features_NF
    )
    (segment,) = segments(own_home)
    # header 28 bytes; an index, a checksum and 6 features of 2 bytes for each of 6 images
    assert segment.stat().st_size == 28 + 6 * (8 + 4 + 6 * 2)


def test_progress_counts_up_to_all() -> None:
    slow = lambda: TinyNet(seconds=0.4)  # noqa: E731
    reports, _ = drain(features_of(np.arange(200), net=slow))
    assert {report.stage for report in reports} == {"extracting features"}
    done = [report.done for report in reports]
    assert done == sorted(done) and done[0] == 0 and done[-1] == 200
    assert 3 <= len(done) <= 6  # 7 batches of 0.4 s, about one report a second
    assert {report.total for report in reports} == {200}


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda data: data[:-7], id="truncated"),
        pytest.param(lambda data: data[:10], id="header-cut"),
        pytest.param(lambda data: data[:0], id="empty"),
        pytest.param(lambda data: data + b"x", id="too-long"),
        pytest.param(lambda data: b"X" + data[1:], id="magic"),
        pytest.param(lambda data: data[:40] + b"\xff" + data[41:], id="index-flipped"),
        pytest.param(lambda data: data[:-3] + b"\x55\x55\x55", id="feature-flipped"),
        pytest.param(lambda data: data[:-24] + bytes(24), id="row-zeroed"),
    ],
)
def test_a_broken_segment_is_dropped_and_mended(own_home: Path, spoil: object) -> None:
    good = extract(np.arange(30))
    extract(np.arange(30, 50))
    broken, whole = segments(own_home)
    broken.write_bytes(spoil(broken.read_bytes()))
    again = extract(np.arange(50))
    assert again.extracted == 30  # those of the broken one, no more
    np.testing.assert_array_equal(again.features_NF[:30], good.features_NF)
    assert not broken.exists() and whole.exists()
    assert extract(np.arange(50), net=never).extracted == 0


def test_what_is_extracted_when_the_consumer_leaves_is_kept() -> None:
    generator = features_of(np.arange(200), net=lambda: TinyNet(seconds=0.6))
    for report in generator:
        if report.done:
            break
    generator.close()
    (entry,) = list_cache()
    assert entry.images == report.done > 0
    assert extract(np.arange(200)).extracted == 200 - report.done


def test_leftovers_of_a_killed_writer_are_cleared(own_home: Path) -> None:
    extract(INDICES)
    left = segments(own_home)[0].with_suffix(".tmp")
    left.write_bytes(b"half")
    extract(np.arange(10))
    assert not left.exists()


def test_a_home_that_is_a_file_hands_features_back_with_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("ORCHESTRATOR_HOME", str(tmp_path / "file"))
    block = extract(INDICES)
    assert "memory only" in block.note and str(tmp_path / "file") in block.note
    np.testing.assert_allclose(block.features_NF, direct_features(INDICES), rtol=1e-5, atol=1e-6)


@contextmanager
def unprivileged() -> Iterator[None]:
    """Root writes to read-only folders all the same; so root is somebody else meanwhile."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_read_only_cache_is_read_and_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory() as name:  # not tmp_path, whose parents root alone may enter
        home = Path(name)
        home.chmod(0o755)
        monkeypatch.setenv("ORCHESTRATOR_HOME", name)
        extract(np.arange(10))
        folders = [home, home / "features", *home.glob("features/*/")]
        modes = [folder.stat().st_mode for folder in folders]
        for folder in folders:
            folder.chmod(0o555)
        try:
            with unprivileged():
                assert extract(np.arange(10), net=never).note == ""
                block = extract(np.arange(15))
                with pytest.raises(UnavailableError, match="Permission denied"):
                    empty_cache()
        finally:
            for folder, mode in zip(folders, modes, strict=True):
                folder.chmod(mode)
        assert block.extracted == 5 and "memory only" in block.note
        expected = direct_features(np.arange(15))
        np.testing.assert_allclose(block.features_NF, expected, rtol=1e-5, atol=1e-6)
        assert len(segments(home)) == 1


def test_a_full_disk_leaves_no_half_file_and_loses_no_trial(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("trainables.features.segment.os.fsync", full)
    block = extract(INDICES)
    assert "No space left on device" in block.note
    np.testing.assert_allclose(block.features_NF, direct_features(INDICES), rtol=1e-5, atol=1e-6)
    assert not [path for path in own_home.rglob("*") if path.suffix in (".seg", ".tmp")]
    monkeypatch.undo()


def test_a_lock_that_cannot_be_had_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(store.FeatureStore, "prepare", refuse)
    assert "Read-only file system" in extract(INDICES).note


@pytest.mark.parametrize(
    ("indices", "error"),
    [([], ValueError), ([400], IndexError), ([-1], IndexError)],
)
def test_indices_outside_the_data_are_refused(indices: list[int], error: type[Exception]) -> None:
    with pytest.raises(error):
        extract(np.array(indices, np.int64))


def test_a_body_of_other_weights_is_refused() -> None:
    with pytest.raises(ValueError, match="other"):
        extract(INDICES, key=tiny_key(weights_digest="other"))


def test_a_body_of_another_width_is_refused() -> None:
    class Wider(TinyNet):
        def forward(self, images_NCHW):  # type: ignore[no-untyped-def]
            return super().forward(images_NCHW).repeat(1, 2)

    extract(np.arange(5))
    with pytest.raises(TrialFailed, match=r"6 features .* 12"):
        extract(np.arange(10), net=Wider)
