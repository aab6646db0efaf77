"""Latency against a clock that is known, and memory against a known allocation."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from exported_trials import ExportedTrial, noise

from search_spaces.errors import TrialFailed
from trainables.exporting.fresh_latency import measure_file
from trainables.exporting.graph import save_graph
from trainables.exporting.latency import LatencyReport, measure_latency

IMAGE = noise(8, 8, 3)


class Clock:
    """Seconds that pass only while an answer is made: 1, 2, 3, ... ms, in the order of answers."""

    def __init__(self) -> None:
        self.now, self.answers = 0.0, 0

    def __call__(self) -> float:
        return self.now

    def answer(self, images: torch.Tensor) -> None:
        """Takes longer each time."""
        self.answers += 1
        self.now += self.answers / 1000


def test_median_and_percentile_by_hand() -> None:
    clock = Clock()
    report = measure_latency(clock.answer, IMAGE, batches=(1,), seconds=0.0, clock=clock)
    found = report.at(1)
    # 2 answers to warm up (1 and 2 ms), then at least 10 of them: 3, 4, ..., 12 ms.
    assert found.n == 10
    assert found.median_ms == pytest.approx(7.5)
    assert found.p95_ms == pytest.approx(12.0)


def test_the_percentile_is_not_the_largest_of_many() -> None:
    clock = Clock()
    report = measure_latency(clock.answer, IMAGE, batches=(1,), seconds=5.0, clock=clock)
    found = report.at(1)
    # 3 + 4 + ... + k ms pass 5 s at k = 100: 98 answers, of which the 94th took 96 ms.
    assert (found.n, found.p95_ms) == (98, pytest.approx(96.0))


def test_real_time_and_batches() -> None:
    sizes: list[tuple[int, ...]] = []

    def answer(images: torch.Tensor) -> None:
        sizes.append(tuple(images.shape))
        time.sleep(0.002 * len(images))

    report = measure_latency(answer, IMAGE, batches=(4, 1), seconds=0.0)
    assert set(sizes) == {(1, 8, 8, 3), (4, 8, 8, 3)}
    assert [each.batch for each in report.batches] == [1, 4]
    assert 2 <= report.at(1).median_ms < 8 <= report.at(4).median_ms
    assert report.at(4).median_ms <= report.at(4).p95_ms
    assert (report.height, report.width, report.threads) == (8, 8, torch.get_num_threads())
    assert LatencyReport.from_json(report.to_json()) == report
    assert report.metrics()["latency_ms_4"] == report.at(4).median_ms
    with pytest.raises(KeyError):
        report.at(64)


def test_memory_of_an_answer_is_seen_and_that_of_the_last_batch_forgotten() -> None:
    def answer(images: torch.Tensor) -> None:
        if len(images) == 2:
            np.ones(10_000_000)  # 80 MB, written to

    report = measure_latency(answer, IMAGE, batches=(1, 2, 3), seconds=0.0)
    assert 70 < report.at(2).peak_mb - report.at(1).peak_mb < 110
    assert report.at(3).peak_mb < report.at(2).peak_mb - 50
    assert report.peak_mb == report.at(2).peak_mb


@pytest.fixture
def file(scratch: ExportedTrial, tmp_path: Path) -> Iterator[Path]:
    """The graph of a small net."""
    path = tmp_path / "model.pt2"
    save_graph(scratch.program, path)
    yield path
    assert [each.name for each in tmp_path.iterdir()] == ["model.pt2"]


@pytest.mark.slow
def test_a_process_of_its_own(file: Path) -> None:
    report = measure_file(file, noise(32, 32, 3), threads=1)
    assert [each.batch for each in report.batches] == [1, 64]
    assert report.threads == 1 and (report.height, report.width) == (32, 32)
    assert 0 < report.at(1).median_ms < report.at(64).median_ms
    assert all(each.n >= 10 and each.median_ms <= each.p95_ms for each in report.batches)
    # Python and torch take some 200 MB by themselves; nothing of this test's own is in it.
    assert 100 < report.loaded_mb <= report.peak_mb < 1500


@pytest.mark.slow
def test_what_gives_no_answer_is_told(file: Path) -> None:
    held = file.read_bytes()
    file.write_bytes(held[: len(held) // 2])
    with pytest.raises(TrialFailed, match=r"model\.pt2 gives no answer"):
        measure_file(file, noise(32, 32, 3))
