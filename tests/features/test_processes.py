"""Several processes at one cache: extract once, wait, survive SIGKILL."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import feature_parts
import numpy as np
import pytest
from feature_parts import TinyNet, drain, extract, features_of

from trainables.features import list_cache


def start(folder: Path, seconds: float, count: int) -> subprocess.Popen[str]:
    folder.mkdir(exist_ok=True)
    command = [sys.executable, feature_parts.__file__, str(folder), str(seconds), str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def wait_until(condition: object, seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def images_through_the_net(folder: Path) -> int:
    counts = folder / "counts"
    return sum(map(int, counts.read_text().split())) if counts.exists() else 0


def test_two_processes_at_once_extract_once(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    processes = [start(shared, 0.3, 200) for _ in range(2)]
    answers = [json.loads(process.communicate(timeout=200)[0]) for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert sorted(answer["extracted"] for answer in answers) == [0, 200]
    assert images_through_the_net(shared) == 200
    assert answers[0]["digest"] == answers[1]["digest"]


def test_one_waits_for_another_and_starts_as_soon_as_its_part_is_there() -> None:
    first = features_of(np.arange(320), net=lambda: TinyNet(seconds=0.01), flush_seconds=0.0)
    assert next(first).done == 0  # has the lock now
    second = features_of(np.arange(20))
    report = next(second)
    assert (report.stage, report.done, report.total) == ("waiting for features", 0, 20)
    drain(first)
    _, block = drain(second)
    assert block.extracted == 0 and block.waited > 0.5


def test_after_sigkill_another_extracts_only_the_rest(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    victim = start(shared, 0.3, 400)
    wait_until(lambda: sum(entry.images for entry in list_cache()) >= 64)
    victim.send_signal(signal.SIGKILL)
    victim.communicate(timeout=30)
    kept = sum(entry.images for entry in list_cache())
    assert 64 <= kept < 400
    reports, block = drain(features_of(np.arange(400)))
    assert "waiting for features" not in {report.stage for report in reports}  # the lock is free
    assert block.extracted == 400 - kept
    # at most the batch in hand and one not yet flushed were lost
    assert images_through_the_net(shared) - kept <= 3 * 32


@pytest.mark.skipif(os.name != "posix", reason="open files survive unlinking on POSIX only")
def test_an_open_segment_stays_readable_when_it_is_evicted(own_home: Path) -> None:
    from trainables.features.segment import open_segment

    expected = extract(np.arange(5)).features_NF
    (path,) = own_home.glob("features/*/*.seg")
    segment = open_segment(path)
    path.unlink()
    got = np.zeros((5, 6), np.float32)
    segment.read_into(got, np.arange(5), np.arange(5))
    np.testing.assert_array_equal(got, expected)
