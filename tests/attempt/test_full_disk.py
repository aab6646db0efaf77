"""A full disk makes a trial wait and say so; nothing is half written. On a real small disk."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from attempt_parts import assign, final, steps

from orchestrator.run import room
from orchestrator.run.attempt import Attempt, read_failure
from orchestrator.study.messages import Message
from search_spaces.errors import TrialFailed
from trainables.checkpoint import Checkpoint
from trainables.config import TrialConfig
from trainables.history import read_history
from trainables.record import read_report, write_report
from trainables.reports import Examples, Predictions, TrialReport


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A disk of 1 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(place)]
    if subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("a small disk can only be mounted by root")
    monkeypatch.setattr(room, "WAIT_SECONDS", 0.01)
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def _fill(disk: Path) -> Path:
    """A file that leaves no room at all."""
    ballast = disk / "ballast"
    with ballast.open("ab", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return ballast


def _drive(attempt: Attempt, disk: Path, at: str) -> list[Message]:
    """Fills the disk at the first message of kind `at`, and makes room after two waits."""
    heard: list[Message] = []
    ballast = _fill(disk) if at == "start" else None
    for message in attempt:
        heard.append(message)
        if ballast is None and message.kind == at:
            ballast = _fill(disk)
        elif len(_waits(heard)) == 2 and ballast is not None:
            ballast.unlink(missing_ok=True)
    return heard


def _waits(messages: list[Message]) -> list[str]:
    return [m.stage for m in messages if m.stage.startswith("waiting for room on the disk")]


@pytest.mark.parametrize("at", ["start", "progress", "epoch"])
def test_it_waits_says_so_and_goes_on(at: str, disk: Path) -> None:
    what: Any = [{"height": 1}, {"height": 2}]
    function = "yielding_all"
    if at == "progress":
        function, what = "reporting", None
    assignment = assign(disk / "trial", function, {"what": what})
    messages = _drive(Attempt(assignment), disk, at)
    assert _waits(messages) == [f"waiting for room on the disk ({disk / 'trial'})"] * 2
    result = {"height": 5.0} if at == "progress" else {"height": 2.0}
    assert final(messages) == result
    assert read_report(disk / "trial").report.metrics == result
    assert [row["epoch"] for row in read_history(disk / "trial")] == steps(messages)
    names = {"config.json", "history.json", "report.json"}
    assert {file.name for file in (disk / "trial").iterdir()} == names


def test_a_failure_is_recorded_when_there_is_room(disk: Path) -> None:
    attempt = Attempt(assign(disk / "trial", "raising", {"what": "failed"}))
    with pytest.raises(TrialFailed, match="the file is gone"):
        _drive(attempt, disk, "epoch")
    assert read_failure(str(disk / "trial")) == ("failed", "the file is gone")


def test_closing_while_it_waits_leaves_no_half_file(disk: Path) -> None:
    attempt = Attempt(assign(disk / "trial", "plain", {"epochs": 3, "x": 1}))
    next(m for m in attempt if m.kind == "epoch")
    _fill(disk)
    assert next(attempt).stage.startswith("waiting")
    attempt.close()
    assert {f.name for f in (disk / "trial").iterdir()} == {"config.json", "history.json"}
    assert [row["epoch"] for row in read_history(disk / "trial")] == [1]


def test_a_trial_goes_on_without_a_checkpoint(disk: Path) -> None:
    (disk / "trial").mkdir()
    checkpoint = Checkpoint(disk / "trial" / "checkpoint")
    checkpoint.save({"w": np.zeros(1000)})
    ballast = _fill(disk)
    checkpoint.save({"w": np.ones(50_000)})
    assert "without a new checkpoint: No space left" in checkpoint.take_note()
    again = Checkpoint(disk / "trial" / "checkpoint")
    assert not again.load()["w"].any()  # the former one, whole
    assert [f.name for f in (disk / "trial" / "checkpoint").iterdir()] == ["state.safetensors"]
    ballast.unlink()
    checkpoint.save({"w": np.ones(50_000)})
    assert Checkpoint(disk / "trial" / "checkpoint").load()["w"].all()


def test_a_search_hears_of_the_missing_checkpoint(disk: Path) -> None:
    attempt = Attempt(
        assign(disk / "trial", "walk", {"epochs": 40, "seed": 0}), checkpoint_seconds=0
    )
    messages = []
    ballast = None
    for message in attempt:
        messages.append(message)
        if message.kind == "epoch" and message.epoch == 2:
            ballast = _fill(disk)
        if ballast is not None and "without a new checkpoint" in message.stage:
            ballast.unlink(missing_ok=True)
    assert steps(messages) == list(range(1, 41))
    assert any("without a new checkpoint" in m.stage for m in messages)


def test_taking_over_waits_too(disk: Path, tmp_path: Path) -> None:
    config = {"epochs": 3, "seed": 1}
    former = assign(tmp_path / "former", "walk", config)
    whole = final(list(Attempt(assign(tmp_path / "whole", "walk", config))))
    attempt = Attempt(former, checkpoint_seconds=0)
    next(m for m in attempt if m.kind == "epoch" and m.epoch == 2)
    attempt.close()
    later = assign(disk / "trial", "walk", config, attempt=2, inherits=former.folder)
    messages = _drive(Attempt(later), disk, "start")
    assert steps(messages) == [1, 2, 3] and final(messages) == whole


def _big_report(what: str) -> TrialReport:
    rows = np.arange(20_000)
    noise = np.random.default_rng(0).normal(size=(20_000, 10)).astype(np.float32)
    images_NHWC = np.random.default_rng(0).random((8, 100, 100, 3)).astype(np.float32)
    return TrialReport(
        metrics={"val_acc": 1.0},
        classes=tuple("abcdefghij"),
        predictions=(Predictions("val", rows, rows % 10, noise),) if what == "predictions" else (),
        weights={"weight": noise} if what == "weights" else {},
        examples=Examples(8, (images_NHWC * 255).astype(np.uint8), images_NHWC, *[rows[:8]] * 3)
        if what == "examples"
        else None,
    )


@pytest.mark.parametrize("what", ["predictions", "weights", "examples"])
def test_every_writer_tells_a_full_disk_as_what_it_is(what: str, disk: Path) -> None:
    """Parquet, npz and safetensors come from three libraries, each with its own errors."""
    ballast = _fill(disk)
    ballast.open("r+b").truncate(400_000)  # room to begin, not to end
    with pytest.raises(OSError) as raised:
        write_report(_big_report(what), TrialConfig(), disk / "trial")
    assert room.is_full(raised.value)
    names = {file.name for file in (disk / "trial").iterdir()}
    assert names == {"config.json", "history.json"}
    assert json.loads((disk / "trial" / "history.json").read_text()) == []
