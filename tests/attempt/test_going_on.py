"""An attempt goes on from the one before it: what was told stays told, once, with its time."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from attempt_parts import assign, at_epoch, final, run, run_until, steps

from orchestrator.run.attempt import Attempt, forget_checkpoint
from orchestrator.study.messages import Assignment
from trainables.checkpoint import Checkpoint
from trainables.history import read_history
from trainables.record import read_report

WALK = {"epochs": 8, "seed": 3}
ALL = list(range(1, 9))


@pytest.fixture
def whole(tmp_path: Path) -> dict[str, Any]:
    """What `strangers:walk` gives without an interruption."""
    folder = tmp_path / "whole"
    result = final(run(assign(folder, "walk", WALK)))
    figures = [row["metrics"] for row in read_history(folder)]
    return {"result": result, "figures": figures}


def _former(tmp_path: Path, epoch: int, function: str = "walk") -> Path:
    """The folder of an attempt that was closed at the report of `epoch`, the one before saved."""
    folder = tmp_path / "former"
    run_until(assign(folder, function, WALK), at_epoch(epoch))
    return folder


def _next(tmp_path: Path, former: Path, name: str = "next", **more: Any) -> Assignment:
    function = more.pop("function", "walk")
    more = {"attempt": 2, "inherits": str(former), **more}
    return assign(tmp_path / name, function, more.pop("config", WALK), **more)


@pytest.mark.parametrize("epoch", ALL)
def test_every_step_is_told_and_kept_once(
    epoch: int, whole: dict[str, Any], tmp_path: Path
) -> None:
    former = _former(tmp_path, epoch)
    before = read_history(former)
    assert [row["epoch"] for row in before] == ALL[:epoch]
    messages = run(_next(tmp_path, former))
    assert steps(messages) == ALL
    assert [dict(m.metrics) for m in messages if m.kind == "epoch"] == whole["figures"]
    assert final(messages) == whole["result"]
    after = read_history(tmp_path / "next")
    assert after[:epoch] == before  # the times too
    assert [row["epoch"] for row in after] == ALL
    assert [row["time"] for row in after] == sorted(row["time"] for row in after)


def test_only_what_is_missing_is_computed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    config = {"epochs": 6, "log": str(log)}
    run_until(assign(tmp_path / "former", "runs", config), at_epoch(4))
    run(_next(tmp_path, tmp_path / "former", function="runs", config=config))
    computed = [int(line.split(":")[1]) for line in log.read_text().splitlines()]
    assert computed == [1, 2, 3, 4, 4, 5, 6]  # closed at its report, 4 was not saved


def test_in_the_same_folder_too(whole: dict[str, Any], tmp_path: Path) -> None:
    former = _former(tmp_path, 5)
    before = read_history(former)
    messages = run(_next(tmp_path, former, name="former"))
    assert steps(messages) == ALL and final(messages) == whole["result"]
    assert read_history(former)[:5] == before


def test_through_any_number_of_attempts(whole: dict[str, Any], tmp_path: Path) -> None:
    former = _former(tmp_path, 2)
    for number, epoch in enumerate((3, 3, 6, 7)):
        assignment = _next(tmp_path, former, name=f"attempt-{number}", attempt=number + 2)
        heard = steps(run_until(assignment, at_epoch(epoch)))
        assert heard == ALL[:epoch]
        former = Path(assignment.folder)
    messages = run(_next(tmp_path, former))
    assert steps(messages) == ALL and final(messages) == whole["result"]


def test_a_trial_that_is_put_off_saves_where_it_stands(tmp_path: Path) -> None:
    from trainables.config import TrialConfig

    config = TrialConfig(
        data="digits", backbone="mobilenet_v2", weights="random", input_size=32, train_size=200,
        val_size=100, epochs=12, attack="none", threads=1, precision="float32",
    )  # fmt: skip
    place = "trainables.trial:train"
    assignment = assign(tmp_path / "former", place, config.model_dump(mode="json"))
    attempt = Attempt(assignment, checkpoint_seconds=3600)
    next(m for m in attempt if m.kind == "epoch" and m.epoch == 6)
    attempt.close(save=True)
    later = _next(tmp_path, tmp_path / "former", function=place, config=assignment.config)
    messages = run(later)
    assert steps(messages) == [2, 4, 6, 8, 10, 12]
    anew = tmp_path / "anew"
    expected = final(run(assign(anew, place, assignment.config)))
    mine, theirs = read_report(tmp_path / "next").report, read_report(anew).report
    assert {k: v for k, v in final(messages).items() if not k.endswith("seconds")} == {
        k: v for k, v in expected.items() if not k.endswith("seconds")
    }
    assert mine.history == theirs.history
    assert all((mine.weights[k] == theirs.weights[k]).all() for k in theirs.weights)


def test_a_killed_process_loses_nothing_that_was_saved(
    whole: dict[str, Any], tmp_path: Path
) -> None:
    config = {**WALK, "mark": str(tmp_path / "mark"), "dies_at": 5}
    code = (
        "import sys; from attempt_parts import assign, run; from pathlib import Path; import json\n"
        "run(assign(Path(sys.argv[1]), 'walk', json.loads(sys.argv[2])))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "former"), json.dumps(config)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    ended = subprocess.run(command, env=environment, timeout=120)
    assert ended.returncode == -signal.SIGKILL
    messages = run(_next(tmp_path, tmp_path / "former", config=config))
    assert steps(messages) == ALL and final(messages) == whole["result"]


def test_a_report_whose_last_word_was_lost_is_told_again_and_not_done_again(
    tmp_path: Path,
) -> None:
    log = tmp_path / "log"
    config = {"epochs": 3, "log": str(log)}
    first = run(assign(tmp_path / "former", "runs", config))
    done = log.read_text()
    again = run(_next(tmp_path, tmp_path / "former", function="runs", config=config))
    assert steps(again) == steps(first) == [1, 2, 3] and final(again) == final(first)
    assert log.read_text() == done
    assert read_history(tmp_path / "next") == read_history(tmp_path / "former")
    assert read_report(tmp_path / "next").report == read_report(tmp_path / "former").report


def test_another_trial_takes_over_only_what_lies_behind_the_checkpoint(tmp_path: Path) -> None:
    """A failed trial that is tried again: its code may have been mended since."""
    former = _former(tmp_path, 5)
    assert Checkpoint(former / "checkpoint", digest=_digest()).epoch == 4
    heard = run_until(_next(tmp_path, former, attempt=1), at_epoch(4))
    assert steps(heard) == [1, 2, 3, 4]
    assert read_history(tmp_path / "next") == read_history(former)[:4]


def test_another_trial_does_not_repeat_a_result(tmp_path: Path) -> None:
    config = {"epochs": 2, "log": str(tmp_path / "log")}
    run(assign(tmp_path / "former", "runs", config))
    retry = _next(tmp_path, tmp_path / "former", function="runs", config=config, attempt=1)
    assert steps(run(retry)) == [1, 2]
    assert len((tmp_path / "log").read_text().splitlines()) == 4


def _digest() -> str:
    from orchestrator.run.attempt import load_trainable

    return load_trainable("strangers:walk").digest(WALK)


@pytest.mark.parametrize("break_it", ["damage", "remove", "other config"])
def test_without_a_checkpoint_it_starts_anew_and_what_was_told_stays(
    break_it: str, whole: dict[str, Any], tmp_path: Path
) -> None:
    former = _former(tmp_path, 5)
    state = former / "checkpoint" / "state.safetensors"
    if break_it == "damage":
        state.write_bytes(state.read_bytes()[:100])
    elif break_it == "remove":
        forget_checkpoint(former)
    else:
        Checkpoint(former / "checkpoint", digest="another").save({"epoch": 4, "at": 0.0})
    before = read_history(former)
    messages = run(_next(tmp_path, former))
    assert steps(messages) == ALL and final(messages) == whole["result"]
    assert read_history(tmp_path / "next")[:5] == before
    notes = [m.stage for m in messages if m.kind == "progress"]
    assert ("starting anew" in " ".join(notes)) == (break_it != "remove")


def test_a_trial_that_saves_but_does_not_load(tmp_path: Path) -> None:
    former = _former(tmp_path, 5, "forgetful")
    messages = run(_next(tmp_path, former, function="forgetful"))
    assert steps(messages) == ALL  # 1 to 4 from the history, and not once more


@pytest.mark.parametrize("what", ["no folder", "empty folder", "another config"])
def test_a_former_attempt_that_left_nothing_of_use(
    what: str, whole: dict[str, Any], tmp_path: Path
) -> None:
    former = tmp_path / "former"
    if what == "empty folder":
        former.mkdir()
    if what == "another config":
        run_until(assign(former, "walk", {**WALK, "seed": 4}), at_epoch(5))
    messages = run(_next(tmp_path, former))
    assert steps(messages) == ALL and final(messages) == whole["result"]
    assert [row["metrics"] for row in read_history(tmp_path / "next")] == whole["figures"]


def test_a_fresh_start_is_fresh(whole: dict[str, Any], tmp_path: Path) -> None:
    """A folder that an old study of the same name left."""
    folder = tmp_path / "trial"
    run_until(assign(folder, "walk", WALK), at_epoch(5))
    (folder / "error.json").write_text("{}")
    run(assign(tmp_path / "old", "walk", {**WALK, "seed": 5}))
    shutil.copy(tmp_path / "old" / "report.json", folder)
    messages = run(assign(folder, "walk", WALK))
    assert final(messages) == whole["result"]
    assert read_report(folder).report.metrics == whole["result"]
    assert not (folder / "error.json").exists()


def test_taking_over_may_be_interrupted_anywhere(whole: dict[str, Any], tmp_path: Path) -> None:
    former = _former(tmp_path, 5)
    for last in ("nothing", "checkpoint", "history.json", "config.json"):
        folder = tmp_path / last
        (folder / "checkpoint").mkdir(parents=True)
        # What is written, in its order; a kill came after `last`.
        if last != "nothing":
            shutil.copy(former / "checkpoint" / "state.safetensors", folder / "checkpoint")
        if last in ("history.json", "config.json"):
            shutil.copy(former / "history.json", folder)
        if last == "config.json":
            shutil.copy(former / "config.json", folder)
        messages = run(_next(tmp_path, former, name=last))
        assert steps(messages) == ALL and final(messages) == whole["result"]
        assert read_history(folder)[:5] == read_history(former)


def test_half_a_batch_goes_on_from_the_checkpoint_of_a_whole_one(tmp_path: Path) -> None:
    former = _former(tmp_path, 5)
    messages = run(_next(tmp_path, former, accumulation=2))
    parts = [m.metrics["parts"] for m in messages if m.kind == "epoch"]
    assert parts == [1, 1, 1, 1, 1, 2, 2, 2]  # epoch 5 was told before, and stays as it was
    assert json.loads((tmp_path / "next" / "config.json").read_text())["accumulation"] == 2


def test_a_finished_trial_keeps_no_checkpoint(tmp_path: Path) -> None:
    run(assign(tmp_path / "trial", "walk", WALK))
    names = {"config.json", "history.json", "report.json"}
    assert {file.name for file in (tmp_path / "trial").iterdir()} == names


def test_a_report_that_power_loss_emptied_counts_as_none(tmp_path: Path) -> None:
    first = final(run(assign(tmp_path / "former", "walk", WALK)))
    (tmp_path / "former" / "report.json").write_bytes(b"")
    assert final(run(_next(tmp_path, tmp_path / "former"))) == first


def test_a_history_that_power_loss_emptied_counts_as_none(tmp_path: Path) -> None:
    former = _former(tmp_path, 5)
    (former / "history.json").write_bytes(b"")
    messages = run(_next(tmp_path, former))
    assert steps(messages) == [5, 6, 7, 8]  # what nobody knows any more cannot be told
