"""The store of perturbations: whole files whatever is killed, bounded, and nothing foreign read."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from trainables.attacks.ladder.kept import MOST_AN_IMAGE, KeptPerturbations, Perturbations
from trainables.attacks.ladder.sample import AttackedSample


def _sample(norm: str = "linf", eps: float = 8.0, count: int = 20) -> AttackedSample:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (count, 4, 4, 3), dtype=np.uint8)
    return AttackedSample(images, np.arange(count) % 3, norm, eps)


def _found(rows: list[int], value: float = 0.01) -> Perturbations:
    deltas = np.full((len(rows), 4, 4, 3), value, dtype=np.float16)
    return Perturbations(np.array(rows, dtype=np.int64), deltas)


def test_what_is_added_is_read(tmp_path: Path) -> None:
    kept = KeptPerturbations(tmp_path, _sample())
    kept.add("trial-1-pgd10", _found([3, 5], 0.01))
    kept.add("trial-2-pgd10", _found([5], -0.02))
    kept.add("trial-2-pgd10", _found([5], -0.02))  # the same again is the same file
    assert kept.add("trial-3-pgd10", _found([])) is None
    read = kept.read()
    assert [list(each.rows_P) for each in read] == [[3, 5], [5]]
    assert read[1].deltas_PHWC.dtype == np.float16
    assert float(read[1].deltas_PHWC.max()) == np.float16(-0.02)


@pytest.mark.parametrize(
    "other", [_sample("l2"), _sample(eps=4.0), _sample(count=19)], ids=["norm", "eps", "images"]
)
def test_each_sample_norm_and_epsilon_has_its_own(tmp_path: Path, other: AttackedSample) -> None:
    KeptPerturbations(tmp_path, _sample()).add("a", _found([1]))
    assert KeptPerturbations(tmp_path, other).read() == ()


def test_turns_hold_an_image_once_and_are_bounded(tmp_path: Path) -> None:
    kept = KeptPerturbations(tmp_path, _sample())
    for source in range(MOST_AN_IMAGE + 5):
        kept.add(f"s{source}", _found([7] if source else [7, 8], 0.001 * source))
    turns = list(kept.by_turns())
    assert len(turns) == MOST_AN_IMAGE
    assert sorted(turns[0].rows_P) == [7, 8]
    assert all(list(turn.rows_P) == [7] for turn in turns[1:])
    values = [float(turn.deltas_PHWC[-1, 0, 0, 0]) for turn in turns[1:]]
    assert len(set(values)) == len(values)


@pytest.mark.parametrize("damage", ["cut", "foreign", "shape", "row", "nan", "pickle"])
def test_a_file_that_cannot_be_used_is_passed_over(tmp_path: Path, damage: str) -> None:
    kept = KeptPerturbations(tmp_path, _sample())
    path = kept.add("a", _found([1]))
    kept.add("b", _found([2]))
    assert path is not None
    good = _found([1])
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:60])
    elif damage == "foreign":
        path.write_text("hello")
    elif damage == "shape":
        np.savez(path, layout=1, rows=good.rows_P, deltas=good.deltas_PHWC[:, :2])
    elif damage == "row":
        np.savez(path, layout=1, rows=np.array([20]), deltas=good.deltas_PHWC)
    elif damage == "nan":
        np.savez(path, layout=1, rows=good.rows_P, deltas=good.deltas_PHWC * np.float16(np.nan))
    else:
        held = np.array([{"a": 1}], dtype=object)
        np.savez(path, layout=1, rows=held, deltas=good.deltas_PHWC)
    assert [list(each.rows_P) for each in kept.read()] == [[2]]


def test_the_oldest_go_where_there_is_no_room(tmp_path: Path) -> None:
    sample = _sample()
    size = (KeptPerturbations(tmp_path / "one", sample).add("a", _found([0])) or tmp_path).stat()
    kept = KeptPerturbations(tmp_path, sample, most_bytes=3 * size.st_size + 10)
    for number in range(6):
        path = kept.add(f"s{number}", _found([number], 0.001 * number))
        assert path is not None
        os.utime(path, (1e9 + number, 1e9 + number))
    assert sorted(int(each.rows_P[0]) for each in kept.read()) == [3, 4, 5]


WRITER = """
import sys
from pathlib import Path
from types import SimpleNamespace
import numpy as np
from trainables.attacks.ladder.kept import KeptPerturbations, Perturbations
images = np.zeros((100, 16, 16, 3), dtype=np.uint8)
sample = SimpleNamespace(images_NHWC=images, norm="linf", eps_255=8.0, digest=sys.argv[3])
kept = KeptPerturbations(Path(sys.argv[1]), sample)
print("ready", flush=True)
number = 0
while True:
    deltas = np.full((100, 16, 16, 3), number % 1000 / 1000, np.float16)
    kept.add(f"{sys.argv[2]}-{number}", Perturbations(np.arange(100), deltas))
    number += 1
"""


def test_writers_that_are_killed_at_once_leave_only_whole_files(tmp_path: Path) -> None:
    """Two processes write into one folder; both die by SIGKILL in the middle of it."""
    images = np.zeros((100, 16, 16, 3), dtype=np.uint8)
    sample = AttackedSample(images, np.zeros(100, int), "linf", 8.0)
    line = [sys.executable, "-c", WRITER, str(tmp_path)]
    writers = [
        subprocess.Popen([*line, name, sample.digest], stdout=subprocess.PIPE, text=True)
        for name in ("a", "b")
    ]
    try:
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
        time.sleep(0.7)
    finally:
        for writer in writers:
            writer.send_signal(signal.SIGKILL)
            writer.wait(10)
    kept = KeptPerturbations(tmp_path, sample)
    files = list(kept.folder.glob("[!.]*.npz"))
    read = kept.read()
    assert len(read) == len(files) > 2  # none of them is damaged
    assert all((each.deltas_PHWC == each.deltas_PHWC[0, 0, 0, 0]).all() for each in read)
    # What was being written goes with the first file that is added an hour later.
    for path in kept.folder.glob(".writing-*"):
        os.utime(path, (time.time() - 7200,) * 2)
    deltas = np.zeros((1, 16, 16, 3), np.float16)
    kept.add("c", Perturbations(np.array([1]), deltas))
    assert not list(kept.folder.glob(".writing-*"))
