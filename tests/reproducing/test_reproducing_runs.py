"""`reproduce` on real parts: C's five nets on digits, gone on with, evaluated once."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from orchestrator import load_study, reproduce
from orchestrator.cli.app import main
from trainables.data import load, open_test

TINY = {"epochs": 1, "width": 8, "threads": 1}


@pytest.fixture(autouse=True)
def working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
def test_the_command_prints_the_table_and_goes_on_with_what_is_there(
    working_folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    line = ["reproduce", "C", "--data", "digits", "--local", "--set", "train_size=100"]
    line += [part for key, value in TINY.items() for part in ("--set", f"{key}={value}")]
    assert main([*line, "--json"]) == 0
    answer = json.loads(capfd.readouterr().out)
    names = ["mini_vgg", "mini_vgg without dropout", "mini_vgg + flip and crop",
             "mini_vgg, a layer more", "mlp"]  # fmt: skip
    assert [row["name"] for row in answer["rows"]] == names
    assert all(row["labels"] == 100 and row["epochs"] == 1 for row in answer["rows"])
    assert answer["rows"][0]["published_test"] == pytest.approx(0.732)
    images = len(open_test(load("digits"), purpose="a test", evaluation=False)[1])
    assert all(row["test"] * images == pytest.approx(round(row["test"] * images))
               for row in answer["rows"])  # fmt: skip
    assert (working_folder / answer["picture"]).stat().st_size > 10_000
    assert answer["test_openings"] == 5
    again = reproduce("C", data="digits", settings={"train_size": 100, **TINY}, local=True)
    assert [row.test for row in again.rows] == [row["test"] for row in answer["rows"]]
    assert again.test_openings == 5
    assert len(load_study(again.study).results) == 5


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_ctrl_c_ends_it_with_the_rows_that_are_done(working_folder: Path) -> None:
    line = [
        sys.executable,
        "-m",
        "orchestrator.cli",
        "reproduce",
        "C",
        "--data",
        "digits",
        "--local",
    ]
    line += ["--json", "--set", "train_size=100"]
    line += [part for key, value in TINY.items() for part in ("--set", f"{key}={value}")]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None and run.stderr is not None
        for said in run.stderr:
            if said.startswith("trial 0 finished"):
                run.send_signal(signal.SIGINT)
                break
        threading.Thread(target=run.stderr.read, daemon=True).start()  # lest it fills up
        answer = json.loads(run.stdout.read())
        assert run.wait(60) == 0
    measured = [row["name"] for row in answer["rows"] if row["test"] is not None]
    waiting = [row["reason"] for row in answer["rows"] if row["test"] is None]
    assert 1 <= len(measured) < 5 and len(measured) + len(waiting) == 5
    assert "not run yet: the same command goes on" in waiting


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["E"], "A, B, C, D"), (["C", "--budget", "tiny"], "full, small")],
)
def test_wrong_usage(arguments: list[str], words: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["reproduce", *arguments, "--local"]) == 2
    assert words in capfd.readouterr().err


def test_a_dry_run_says_what_it_would_run(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["reproduce", "C", "--data", "digits", "--local", "--dry-run", "--json"]) == 0
    answer = json.loads(capfd.readouterr().out)
    assert (answer["study"], answer["trials"]) == ("reference_C_small", 5)
    assert answer["continuing"] is False
