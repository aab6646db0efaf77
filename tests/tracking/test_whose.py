"""Who sends which trial, where several drivers share a study: a table."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import psutil
import pytest

from orchestrator.study.facts import TrialFacts
from orchestrator.study.spec import StudySpec
from orchestrator.tracking.records import StudyRecord
from orchestrator.tracking.whose import Whose

_HOST = socket.gethostname()
_ME = f"{_HOST}:{os.getpid()}"
_PARENT = f"{_HOST}:{os.getppid()}:aa"  # a process that lives, for sure
_NOBODY = f"{_HOST}:{next(n for n in range(4_000_000, 3, -1) if not psutil.pid_exists(n))}:aa"
_AWAY = "elsewhere:1:aa"


@pytest.mark.parametrize(
    ("driver", "live", "last", "shared"),
    [
        ("", True, True, False),
        (f"{_ME}:aa", True, True, False),
        (_PARENT, False, False, True),
        (_NOBODY, True, True, False),
        (f"{_HOST}:not-a-number:aa", True, True, False),
        (_AWAY, False, True, True),
    ],
)
def test_trials_of_a_driver(
    tmp_path: Path, driver: str, live: bool, last: bool, shared: bool
) -> None:
    trial = _trial(tmp_path, driver)
    whose = Whose(_ME)
    assert whose.look(_study(trial)) is shared
    assert whose.falls_to_me(trial, last=False) is live
    assert whose.falls_to_me(trial, last=True) is last


@pytest.mark.parametrize(
    ("driver", "here", "live"),
    [(_PARENT, False, True), (_AWAY, True, True), (_AWAY, False, False), ("", False, True)],
)
def test_for_all_drivers(tmp_path: Path, driver: str, here: bool, live: bool) -> None:
    trial = _trial(tmp_path if here else tmp_path / "nowhere", driver)
    whose = Whose()
    whose.look(_study(trial))
    assert whose.falls_to_me(trial, last=False) is live
    assert whose.falls_to_me(trial, last=True)


def test_a_process_younger_than_the_trial_is_not_its_driver(tmp_path: Path) -> None:
    born = psutil.Process(os.getppid()).create_time()
    trial = TrialFacts(0, "running", "x", folder=str(tmp_path), driver=_PARENT, started=born - 60)
    assert Whose(_ME).look(_study(trial)) is False


def _trial(folder: Path, driver: str) -> TrialFacts:
    return TrialFacts(
        0, "running", "x", folder=str(folder), driver=driver, started=time.time() + 10
    )


def _study(trial: TrialFacts) -> StudyRecord:
    spec = StudySpec(
        name="shared", space="numbers", space_version=1, space_question="Which x?",
        objectives=({"metric": "score"},), trials=1, seed=0, folder=Path("/nowhere"),
        tracking_uri="sqlite:///nowhere", experiment="orchestrator", created=0.0,
    )  # fmt: skip
    return StudyRecord(spec, (trial,))
