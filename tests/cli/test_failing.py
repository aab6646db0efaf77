"""What exceptions become: messages, exit statuses, and where a traceback is kept."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError
from sqlalchemy.exc import OperationalError

from orchestrator.cli import failing
from search_spaces.errors import UnavailableError, UsageError
from trainables.config import TrialConfig


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (UsageError("A rule.", got=3, hint="Do this."), 2, "Error: A rule. Got: 3. Do this.\n"),
        (
            UnavailableError("CIFAR-10", [("npm", "not installed")]),
            1,
            "Error: CIFAR-10 cannot be had here. Tried:\n  - npm: not installed\n",
        ),
        (
            OperationalError("SELECT 'secret'", {}, Exception("server closed the connection\nx")),
            1,
            "Error: The study database cannot be had here. Tried:\n"
            "  - asking it: server closed the connection\n"
            "Nothing that was told is lost: try again when it is back.\n",
        ),
    ],
)
def test_an_error_for_people_is_shown_as_it_is(
    error: Exception, status: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failing.report(error) == status
    assert capsys.readouterr().err == message


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"epoch": 3}, ["'epoch'", "Did you mean 'epochs'?"]),
        ({"epochs": 0}, ["epochs is wrong", "greater than or equal to 1", "Got: 0."]),
        ({"weights": "randomm"}, ["'pretrained' or 'random'", "Did you mean 'random'?"]),
    ],
)
def test_a_config_error_has_rule_value_and_nearest(
    fields: dict[str, object], words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ValidationError) as caught:
        TrialConfig.model_validate(fields)
    assert failing.report(caught.value) == 2
    said = capsys.readouterr().err
    for word in words:
        assert word in said


def test_a_bug_is_one_line_and_its_traceback_is_kept(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(failing.DEBUG, raising=False)
    assert failing.report(_raised()) == 1
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert "ZeroDivisionError" in said
    kept = Path(re.search(r"traceback: (\S+);", said)[1])  # type: ignore[index]
    assert "in _raised" in kept.read_text()
    kept.unlink()


def test_debug_shows_the_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(failing.DEBUG, "1")
    assert failing.report(_raised()) == 1
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_a_reader_that_goes_away_is_no_error() -> None:
    line = f"'{sys.executable}' -m orchestrator.cli backbones | head -n 1; echo ${{PIPESTATUS[0]}}"
    ended = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=60)
    assert ended.stdout.splitlines()[0].startswith("backbone")
    assert ended.stdout.splitlines()[-1] == "0"
    assert ended.stderr == ""


def _raised() -> Exception:
    try:
        1 / 0  # noqa: B018
    except ZeroDivisionError as error:
        return error
    raise AssertionError
