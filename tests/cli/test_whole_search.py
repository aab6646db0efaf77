"""One real search from the command line, and every command that looks at it afterwards.

Digits at 64 px through an untrained ResNet-18: every part is real, nothing needs a network.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_line import Ended, Run
from json_keys import check

SMALL = [
    *("search", "backbone_compare", "--data", "digits", "--weights", "random", "--local"),
    *("--backbones", "resnet18", "--set", "input_size=64", "--set", "epochs=5"),
    *("--train-size", "60", "--val-size", "40", "--robust-size", "10", "--keep-models", "0"),
]


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "orchestrator.cli", *arguments]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder of these tests."""
    return tmp_path_factory.mktemp("work")


@pytest.fixture(scope="module")
def searched(folder: Path) -> Ended:
    """A search with one trial, `--json`."""
    line = _command(*SMALL, "--trials", "1", "--study", "whole", "--json")
    ended = subprocess.run(line, cwd=folder, capture_output=True, text=True, timeout=240)
    return Ended(ended.returncode, ended.stdout, ended.stderr)


@pytest.fixture
def run_there(run: Run, folder: Path, searched: Ended, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs command lines in this process, in the folder where the search was."""
    assert searched.status == 0, searched.err
    monkeypatch.chdir(folder)
    return run


def test_search_prints_one_object_with_the_documented_keys(searched: Ended) -> None:
    assert searched.status == 0, searched.err
    check("orchestrator search SPACE --json", searched.json)
    assert searched.json["study"] == "whole"
    assert searched.json["labels_used"] == 100
    assert searched.json["best"]["number"] == 0
    assert [trial["state"] for trial in searched.json["trials"]] == ["finished"]
    assert 0.2 < searched.json["best"]["metrics"]["val_acc"] <= 1  # chance is 0.1


def test_plan_progress_and_table_went_to_stderr(searched: Ended) -> None:
    said = " ".join(searched.err.split())
    assert "60 training and 40 validation images (10 of these attacked)" in said
    assert "trial 0 finished: resnet18 · 64 px" in searched.err
    assert "100 labels used in all" in searched.err
    assert "Traceback" not in searched.err


def test_show_and_list_say_what_search_said(run_there: Run, searched: Ended) -> None:
    shown = run_there("show", "--json").json
    assert shown == {**searched.json, "seconds": None}
    listed = run_there("list", "--json").json
    check("orchestrator list --json", listed)
    best = searched.json["best"]
    assert listed["studies"][0]["best"] == {
        "number": 0,
        "label": best["label"],
        "value": best["metrics"]["val_acc"],
    }
    percent = f"{100 * best['metrics']['val_acc']:.1f}"
    assert percent in run_there("show", "whole").out
    assert percent in run_there("list").out


def test_sync_finds_everything_sent(run_there: Run, searched: Ended) -> None:
    sent = run_there("sync", "whole", "--json")
    assert sent.status == 0, sent.err
    check("orchestrator sync STUDY --json", sent.json)
    assert sent.json["run_ids"] == {"0": searched.json["trials"][0]["run_id"]}


def test_a_dry_run_of_resume_shows_the_plan_and_changes_nothing(run_there: Run) -> None:
    planned = run_there("resume", "whole", "--trials", "2", "--local", "--dry-run", "--json")
    assert planned.status == 0, planned.err
    check("orchestrator search SPACE --dry-run --json", planned.json)
    assert (planned.json["continuing"], planned.json["finished"]) == (True, 1)
    assert planned.json["trials"] == 2
    assert run_there("list", "--json").json["studies"][0]["wanted"] == 1


def test_going_on_with_other_choices_names_what_differs(run_there: Run) -> None:
    ended = run_there(*SMALL, "--study", "whole", "--train-size", "61", "--dry-run")
    assert ended.status == 2
    assert "train_size" in ended.err
    assert "61" in ended.err


def test_ctrl_c_once_ends_it_cleanly_and_says_how_to_go_on(folder: Path, run_there: Run) -> None:
    line = _command(*SMALL, "--trials", "500", "--study", "stopped")
    with subprocess.Popen(line, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for said in process.stdout:
            # Short trials come and go between two lines: any word of a later one will do.
            if re.match(r"trial (0 finished|[1-9])", said):
                process.send_signal(signal.SIGINT)
                break
        rest = process.stdout.read()
        assert process.wait(120) == 0
    assert "Ended early: stopped by Ctrl-C." in rest
    assert "orchestrator resume stopped" in rest
    studies = run_there("list", "--json").json["studies"]
    held = next(study for study in studies if study["study"] == "stopped")
    assert 1 <= held["finished"] < 500
    assert held["running"] == 0


@pytest.mark.slow
def test_ctrl_c_twice_ends_it_at_once(folder: Path) -> None:
    line = _command(*SMALL, "--trials", "500", "--study", "twice")
    with subprocess.Popen(line, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for said in process.stdout:
            if re.match(r"trial (0 finished|[1-9])", said):
                break
        os.kill(process.pid, signal.SIGINT)
        time.sleep(0.3)
        os.kill(process.pid, signal.SIGINT)
        began = time.monotonic()
        assert process.wait(60) != 0
        assert time.monotonic() - began < 30
