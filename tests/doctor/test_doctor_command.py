"""`orchestrator doctor`: its lines, its JSON, its exit status; checks that crash and that hang."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from json_keys import check as check_keys

from orchestrator.cli.app import main
from orchestrator.doctor import DoctorRequest, Finding, examine
from orchestrator.doctor.bounded import Check, run_check
from orchestrator.doctor.checks import CHECKS, on_ray
from orchestrator.doctor.finding import fine
from search_spaces.errors import UnknownNameError, UsageError

QUICK = "python,cores,memory,disk,storage,tracking,data,ports"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


@pytest.mark.parametrize("name", CHECKS.names())
def test_every_check_says_something_of_this_machine(name: str) -> None:
    """A check that is wrong itself says so, and so would fail here."""
    examined = run_check(name, CHECKS.get(name), DoctorRequest())
    assert examined.findings
    for finding in examined.findings:
        assert "went wrong itself" not in finding.says
        assert finding.subject and finding.says
        assert bool(finding.do) or finding.level != "stop"


def test_nothing_is_left_behind(folder: Path) -> None:
    examine(only=QUICK.split(","))
    assert not list(folder.iterdir())


def test_lines_and_status(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--only", QUICK]) == 0
    out = capsys.readouterr().out
    assert re.search(r"^Python +fine +3\.\d+", out, re.MULTILINE)
    assert re.search(r"^working folder +fine|note", out, re.MULTILINE)
    assert re.search(r"^A search can run here\.", out, re.MULTILINE)
    assert all(len(line) <= 80 for line in out.splitlines())


def test_what_stops_a_search_gives_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    line = ["doctor", "--only", "python,storage", "--storage", "postgresql://a:b@127.0.0.1:9/x"]
    assert main(line) == 1
    out = capsys.readouterr().out
    assert "study database      stop" in out and "a:***@127.0.0.1:9" in " ".join(out.split())
    assert "do: " in out
    assert "A search cannot run here before this is mended: study database." in out


def test_its_json_has_the_documented_keys(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json", "--only", QUICK]) == 0
    found = json.loads(capsys.readouterr().out)
    check_keys("orchestrator doctor --json", found)
    assert found["ready"] is True
    assert {each["check"] for each in found["findings"]} == set(QUICK.split(","))
    assert {each["level"] for each in found["findings"]} <= {"fine", "note"}


def test_an_unknown_check_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--only", "storge"]) == 2
    assert "Did you mean 'storage'?" in capsys.readouterr().err
    with pytest.raises(UnknownNameError):
        examine(only=["storge"])


def _crashes(request: DoctorRequest) -> Iterator[Finding]:
    yield fine("first", "was said")
    raise ValueError("a figure\nthat nobody expected")


def _refuses(request: DoctorRequest) -> Iterator[Finding]:
    raise UsageError("--storage must be a database URL.", got="x")
    yield


def test_a_check_that_crashes_is_told_as_such() -> None:
    said, crash = run_check("mine", Check(_crashes), DoctorRequest()).findings
    assert said.says == "was said"
    assert crash.level == "note" and crash.subject == "mine"
    assert "went wrong itself" in crash.says and "ValueError: a figure)" in crash.says
    (refused,) = run_check("mine", Check(_refuses), DoctorRequest()).findings
    assert refused.level == "stop" and "must be a database URL. Got: 'x'." in refused.says


def test_a_check_that_hangs_is_given_up() -> None:
    let_go = threading.Event()

    def hangs(request: DoctorRequest) -> Iterator[Finding]:
        yield fine("first", "was said")
        let_go.wait(60)
        yield fine("late", "is not said")

    began = time.monotonic()
    examined = run_check("mine", Check(hangs, seconds=0.2), DoctorRequest())
    assert time.monotonic() - began < 2
    assert [each.level for each in examined.findings] == ["fine", "stop"]
    assert "no answer within 0.2 s" in examined.findings[1].says
    let_go.set()


def test_checks_have_their_limits() -> None:
    assert all(0 < CHECKS.get(name).seconds <= 90 for name in CHECKS.names())
    assert all(CHECKS.get(name).seconds == 5 for name in ("disk", "storage", "tracking", "ports"))


def test_ray_that_does_not_start_is_told(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Where Ray must write its session, there is a file."""
    (folder / "taken").touch()
    monkeypatch.setenv("RAY_TMPDIR", str(folder / "taken"))
    reason = on_ray.why_not_starting(60)
    assert reason and "Traceback" not in reason
    assert on_ray.why_not_starting(0.2) == "nothing happened within 0.2 s"


@pytest.mark.slow
def test_full_starts_ray_and_stops_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--only", "ray", "--full"]) == 0
    assert re.search(r"started, ran a task and stopped in [\d.]+ s", capsys.readouterr().out)
