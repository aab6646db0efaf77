"""A trial that was interrupted ends with the very result of one that never was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from trial_parts import SMALL, run

from trainables.checkpoint import Checkpoint
from trainables.config import TrialConfig
from trainables.reports import EpochReport, Progress, Report, TrialReport
from trainables.trial import train

CONFIG = SMALL.replace(dropout=0.3, epochs=25)  # epochs 3, 6, 9, ... are reported
KILLED = """
import os, signal, sys
from pathlib import Path
from trainables import TrialConfig, train
from trainables.checkpoint import Checkpoint
from trainables.reports import EpochReport
checkpoint = Checkpoint(Path(sys.argv[2]), every=0)
for report in train(TrialConfig.model_validate_json(sys.argv[1]), checkpoint):
    if isinstance(report, EpochReport) and report.epoch == 9:
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def whole() -> tuple[list[Report], TrialReport]:
    """The trial without an interruption."""
    return run(**CONFIG.model_dump(exclude_unset=True))


def _interrupt(folder: Path, epoch: int, config: TrialConfig = CONFIG) -> None:
    """Runs until the report of `epoch`, and ends without a word; a checkpoint an epoch."""
    trial = train(config, Checkpoint(folder, every=0))
    for report in trial:
        if isinstance(report, EpochReport) and report.epoch == epoch:
            break
    trial.close()


def _go_on(folder: Path, config: TrialConfig = CONFIG) -> tuple[list[Report], TrialReport]:
    reports = list(train(config, Checkpoint(folder, every=0)))
    assert isinstance(reports[-1], TrialReport)
    return reports, reports[-1]


def _same(one: TrialReport, other: TrialReport) -> None:
    """Equal to the last bit, but for the seconds."""

    def figures(report: TrialReport) -> dict[str, float]:
        return {name: v for name, v in report.metrics.items() if not name.endswith("_seconds")}

    assert figures(one) == figures(other)
    assert one.history == other.history
    assert one.digests == other.digests and one.classes == other.classes
    for name, array in other.weights.items():
        assert np.array_equal(one.weights[name], array)
    for mine, theirs in zip(one.predictions, other.predictions, strict=True):
        assert mine.split == theirs.split
        for field in ("indices_N", "labels_N", "logits_NK"):
            assert np.array_equal(getattr(mine, field), getattr(theirs, field))
    if other.robustness is not None:
        assert one.robustness is not None and one.examples is not None
        assert one.robustness.accuracy == other.robustness.accuracy
        assert one.robustness.worst_case == other.robustness.worst_case
        assert other.examples is not None
        assert np.array_equal(one.examples.attacked_NHWC, other.examples.attacked_NHWC)


def _epochs(reports: list[Report]) -> list[int]:
    return [report.epoch for report in reports if isinstance(report, EpochReport)]


@pytest.mark.parametrize("epoch", [3, 6, 12, 24, 25])
def test_it_goes_on_where_it_stood(
    epoch: int, whole: tuple[list[Report], TrialReport], tmp_path: Path
) -> None:
    _interrupt(tmp_path, epoch)
    reports, last = _go_on(tmp_path)
    _same(last, whole[1])
    # What it saved last was the epoch before the one whose report was the last word.
    assert _epochs(reports) == [e for e in _epochs(whole[0]) if e >= epoch]


def test_it_may_be_interrupted_again_and_again(
    whole: tuple[list[Report], TrialReport], tmp_path: Path
) -> None:
    for epoch in (6, 9, 9, 21):
        _interrupt(tmp_path, epoch)
    _same(_go_on(tmp_path)[1], whole[1])


def test_an_attack_that_was_interrupted_does_not_train_again(
    whole: tuple[list[Report], TrialReport], tmp_path: Path
) -> None:
    trial = train(CONFIG, Checkpoint(tmp_path))
    list(takewhile(lambda r: not isinstance(r, Progress) or r.stage != "attacking", trial))
    trial.close()
    reports, last = _go_on(tmp_path)
    assert _epochs(reports) == []
    _same(last, whole[1])
    assert last.metrics["train_seconds"] > 0


def test_a_trial_that_is_put_off_saves_at_once(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path, every=3600)
    trial = train(CONFIG, checkpoint)
    next(r for r in trial if isinstance(r, EpochReport) and r.epoch == 12)
    checkpoint.save_on_close = True
    trial.close()
    assert Checkpoint(tmp_path).load()["training"]["model"]["epoch"] == 12


def test_without_an_attack_nothing_is_saved_that_no_kill_could_need(tmp_path: Path) -> None:
    list(train(CONFIG.replace(attack="none", epochs=2), Checkpoint(tmp_path / "none")))
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("changes", [{"lr": 2e-3}, {"split_seed": 1}, {"seed": 1}])
def test_the_state_of_another_trial_is_left_aside(changes: dict[str, Any], tmp_path: Path) -> None:
    _interrupt(tmp_path, 6)
    other = CONFIG.replace(attack="none", **changes)
    checkpoint = Checkpoint(tmp_path)
    *_, last = train(other, checkpoint)
    assert isinstance(last, TrialReport)
    _same(last, run(**other.model_dump(exclude_unset=True))[1])


def test_parts_of_a_batch_change_memory_and_no_result(
    whole: tuple[list[Report], TrialReport], tmp_path: Path
) -> None:
    """An attempt with half a batch at a time goes on from one that ran out of memory."""
    parts = CONFIG.replace(accumulation=2)
    assert parts.digest == CONFIG.digest
    _interrupt(tmp_path, 6)
    last = _go_on(tmp_path, parts)[1]
    for name, array in whole[1].weights.items():
        assert np.allclose(last.weights[name], array, rtol=0, atol=1e-4 * np.abs(array).max())
    assert last.metrics["val_acc"] == pytest.approx(whole[1].metrics["val_acc"], abs=0.011)


@pytest.mark.slow
def test_a_process_that_was_killed(whole: tuple[list[Report], TrialReport], tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED, CONFIG.model_dump_json(), str(tmp_path)]
    ended = subprocess.run(command, env={**os.environ}, timeout=120)
    assert ended.returncode == -signal.SIGKILL
    reports, last = _go_on(tmp_path)
    assert _epochs(reports)[0] == 9
    _same(last, whole[1])
