"""One real study for the tests that evaluate, and command lines in its folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from evaluated_study import EvaluatedStudy, make_study

from orchestrator.cli.app import main


@pytest.fixture(scope="session")
def small_study(tmp_path_factory: pytest.TempPathFactory) -> EvaluatedStudy:
    """A study named `small` with two finished trials."""
    return make_study(tmp_path_factory.mktemp("evaluated"))


@pytest.fixture
def line(
    small_study: EvaluatedStudy,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., tuple[int, str, str]]:
    """`line("evaluate", "small")`: status, standard output and standard error; 80 columns.

    Masked gradients are looked for only where a test asks for it: that takes longer than the rest.
    """
    monkeypatch.chdir(Path(small_study.folder).parents[1])
    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        if arguments[0] == "evaluate" and "--masking-time" not in arguments:
            arguments = (*arguments, "--masking-time", "none")
        status = main(arguments)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run
