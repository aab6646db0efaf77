"""Each exception has a class by what happens next, and leaves a record of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from attempt_parts import assign, at_epoch, run, run_until

from orchestrator.run.attempt import read_failure
from search_spaces.errors import TrialFailed

TABLE = [
    ("infeasible", "infeasible", "^too small$"),
    ("diverged", "diverged", "^the loss is nan at step 7$"),
    ("failed", "failed", "^the file is gone$"),
    ("usage", "failed", r"^A rule\.$"),
    ("unavailable", "failed", "^CIFAR-10 cannot be had"),
    ("memory", "memory", "^out of memory: MemoryError$"),
    ("torch", "memory", "^out of memory: CUDA out of memory. Tried to allocate 2 GiB$"),
    ("cublas", "memory", "CUBLAS_STATUS_ALLOC_FAILED"),
    ("unknown library", "memory", "^out of memory: no more$"),
    ("mmap", "memory", "Cannot allocate memory"),
    ("full", "failed", "^there was no room on the disk: .*No space left"),
    ("quota", "failed", "^there was no room on the disk: .*quota"),
    ("not there", "bug", r"FileNotFoundError: .*data.npy.* \(strangers.py:\d+\)$"),
    ("bug", "bug", r"^ZeroDivisionError: a mistake \(strangers.py:\d+\)$"),
]


@pytest.mark.parametrize(("what", "failure", "reason"), TABLE, ids=[row[0] for row in TABLE])
def test_the_table(what: str, failure: str, reason: str, tmp_path: Path) -> None:
    import re

    assignment = assign(tmp_path / "trial", "raising", {"what": what})
    with pytest.raises(Exception) as raised:
        run(assignment)
    record = read_failure(assignment.folder)
    assert record[0] == failure
    assert re.search(reason, record[1]), record[1]
    text = (tmp_path / "trial" / "error.txt").read_text()
    assert type(raised.value).__name__ in text and "strangers.py" in text


@pytest.mark.parametrize("library", ["torch", "numpy"])
def test_memory_that_there_really_is_not(library: str, tmp_path: Path) -> None:
    assignment = assign(tmp_path / "trial", "allocating", {"what": library})
    with pytest.raises((RuntimeError, MemoryError)):
        run(assignment)
    assert read_failure(assignment.folder)[0] == "memory"


def test_a_trial_that_ends_the_process_has_failed(tmp_path: Path) -> None:
    assignment = assign(tmp_path / "trial", "exiting", {})
    with pytest.raises(TrialFailed, match=r"called sys.exit\(3\)"):
        run(assignment)
    assert read_failure(assignment.folder)[0] == "failed"


@pytest.mark.parametrize(
    ("function", "config", "reason"),
    [
        ("nowhere", {}, "has no nowhere"),
        ("trainables.trial:train", {"lr": -1}, "ValidationError"),
        ("trainables.trial:train", {"lrr": 1}, "ValidationError"),
    ],
)
def test_what_cannot_even_start_leaves_a_record_too(
    function: str, config: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    assignment = assign(tmp_path / "trial", function, config)
    with pytest.raises(Exception, match=reason if "Error" not in reason else "lr"):
        run(assignment)
    failure, words = read_failure(assignment.folder)
    assert failure in ("failed", "bug") and reason in words


def test_no_record_is_a_lost_worker(tmp_path: Path) -> None:
    run_until(assign(tmp_path / "trial", "plain", {"epochs": 3, "x": 1}), at_epoch(2))
    assert read_failure(str(tmp_path / "trial"))[0] == "lost"
    assert read_failure(str(tmp_path / "nowhere"))[0] == "lost"
    (tmp_path / "trial" / "error.json").write_text('{"failure": "fai')
    assert read_failure(str(tmp_path / "trial"))[0] == "lost"


def test_an_old_record_does_not_speak_for_a_new_attempt(tmp_path: Path) -> None:
    with pytest.raises(TrialFailed):
        run(assign(tmp_path / "trial", "raising", {"what": "failed"}))
    run_until(assign(tmp_path / "trial", "plain", {"epochs": 3, "x": 1}), at_epoch(1))
    assert read_failure(str(tmp_path / "trial"))[0] == "lost"


@pytest.mark.parametrize(
    ("what", "kept"), [("infeasible", False), ("diverged", False), ("bug", True), ("memory", True)]
)
def test_a_checkpoint_stays_where_somebody_may_go_on(what: str, kept: bool, tmp_path: Path) -> None:
    folder = tmp_path / "trial" / "checkpoint"
    attempt = assign(tmp_path / "trial", "raising", {"what": what})

    def leave_one(message: Any) -> bool:
        folder.mkdir(exist_ok=True)
        (folder / "state.safetensors").touch()
        return False

    with pytest.raises(Exception):  # noqa: B017
        run_until(attempt, leave_one)
    assert folder.exists() == kept
    assert json.loads((tmp_path / "trial" / "error.json").read_text())["failure"] == what
