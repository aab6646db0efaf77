"""Whole short runs: one step a run, each run complete and trained anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from attempt_parts import assign, at_epoch, final, run, run_until, steps

from orchestrator.run.attempt import read_failure
from search_spaces.errors import Diverged, UsageError
from trainables.history import read_history


def _ladder(tmp_path: Path, name: str = "trial", **more: Any) -> Any:
    config = {"epochs": 6, "log": str(tmp_path / "log")}
    more = {"rungs": (2, 4), "short_run": {"cheap": True}, **more}
    return assign(tmp_path / name, "runs", config, **more)


def _log(tmp_path: Path) -> list[str]:
    return (tmp_path / "log").read_text().splitlines()


RUNS = [
    "2:1:short", "2:2:short",
    "4:1:short", "4:2:short", "4:3:short", "4:4:short",
    "6:1", "6:2", "6:3", "6:4", "6:5", "6:6",
]  # fmt: skip


def test_a_rung_is_a_whole_run_and_one_step(tmp_path: Path) -> None:
    messages = run(_ladder(tmp_path))
    assert [(m.epoch, dict(m.metrics)) for m in messages if m.kind == "epoch"] == [
        (2, {"score": 0.2, "cheap": 1.0}),
        (4, {"score": 0.4, "cheap": 1.0}),
        (6, {"score": 0.6, "cheap": 0.0}),
    ]
    assert final(messages) == {"score": 0.6, "cheap": 0.0}
    assert _log(tmp_path) == RUNS  # each from its first epoch on
    assert [row["epoch"] for row in read_history(tmp_path / "trial")] == [2, 4, 6]
    config = json.loads((tmp_path / "trial" / "config.json").read_text())
    assert config == {"epochs": 6, "log": str(tmp_path / "log")}
    assert not (tmp_path / "trial" / "checkpoint").exists()


def test_epochs_within_a_run_are_signs_of_life(tmp_path: Path) -> None:
    messages = run(_ladder(tmp_path))
    progress = [(m.stage, m.done, m.total) for m in messages if m.kind == "progress"]
    assert progress[:2] == [("whole run of 2 epochs", 1, 2), ("whole run of 2 epochs", 2, 2)]
    assert progress[-1] == ("whole run of 6 epochs", 6, 6)
    assert len(progress) == 2 + 4 + 6


@pytest.mark.parametrize(
    ("rungs", "expected"),
    [((), [1, 2, 3, 4, 5, 6]), ((4, 2, 2), [2, 4, 6]), ((6, 9), [6]), ((1,), [1, 6])],
)
def test_which_steps_there_are(rungs: tuple[int, ...], expected: list[int], tmp_path: Path) -> None:
    assert steps(run(_ladder(tmp_path, rungs=rungs))) == expected


def test_closing_between_rungs_runs_no_further_one(tmp_path: Path) -> None:
    run_until(_ladder(tmp_path), at_epoch(2))
    assert _log(tmp_path) == RUNS[:2]
    assert [row["epoch"] for row in read_history(tmp_path / "trial")] == [2]


@pytest.mark.parametrize("lines", range(1, len(RUNS)))
def test_it_goes_on_within_the_run_that_was_interrupted(lines: int, tmp_path: Path) -> None:
    run_until(_ladder(tmp_path, "former"), lambda m: len(_log(tmp_path)) == lines)
    again = _ladder(tmp_path, "next", attempt=2, inherits=str(tmp_path / "former"))
    messages = run(again)
    assert steps(messages) == [2, 4, 6] and final(messages) == {"score": 0.6, "cheap": 0.0}
    # The epoch at whose report it was closed had not been saved; nothing else is done twice.
    assert [line for line in _log(tmp_path) if _log(tmp_path).count(line) > 1] == (
        [RUNS[lines - 1]] * 2
    )
    assert sorted(set(_log(tmp_path))) == sorted(RUNS)


def test_ours_with_a_short_run_without_an_attack(tmp_path: Path) -> None:
    config = {
        "data": "digits", "backbone": "mobilenet_v2", "weights": "random", "input_size": 32,
        "train_size": 100, "val_size": 60, "robust_size": 8, "epochs": 6, "threads": 1,
        "precision": "float32",
    }  # fmt: skip
    place = "trainables.trial:train"
    ladder = assign(tmp_path / "a", place, config, rungs=(2,), short_run={"attack": "none"})
    messages = run(ladder)
    assert steps(messages) == [2, 6]
    short, full = (m.metrics for m in messages if m.kind == "epoch")
    assert "robust_score" not in short and "robust_score" in full
    alone = final(run(assign(tmp_path / "b", place, {**config, "epochs": 2, "attack": "none"})))
    assert short["val_loss"] == alone["val_loss"]  # a short cycle, not a cycle cut short
    assert (tmp_path / "a" / "weights.safetensors").exists()


def test_a_run_that_diverges_is_named(tmp_path: Path) -> None:
    config = {"epochs": 6, "what": [{"loss": float("nan")}]}
    assignment = assign(tmp_path / "trial", "yielding_all", config, rungs=(3,))
    with pytest.raises(
        Diverged, match="In the whole run of 3 epochs: loss is not finite in epoch 1"
    ):
        run(assignment)
    assert read_failure(assignment.folder)[0] == "diverged"


def test_without_a_number_of_epochs_there_are_no_short_runs(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="field epochs"):
        run(assign(tmp_path / "trial", "plain", {"x": 1}, rungs=(2,)))
