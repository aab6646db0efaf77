"""A study database that is away: waited for, said, and given up in the end."""

from __future__ import annotations

import pytest
from optuna.exceptions import StorageInternalError
from sqlalchemy.exc import OperationalError

from orchestrator.board import Board
from orchestrator.stop import StopRequest
from orchestrator.study.patience import Patience
from search_spaces.errors import UnavailableError


class Away:
    """Fails so many times, then answers."""

    def __init__(self, times: int, error: Exception) -> None:
        self.left, self.error = times, error

    def __call__(self) -> str:
        if self.left:
            self.left -= 1
            raise self.error
        return "here"


FULL = OperationalError("INSERT", {}, Exception("database or disk is full"))


def test_it_waits_says_so_and_goes_on():
    board = Board("s", total=1, metric="m")
    said: list[str] = []
    board.say = said.append  # type: ignore[method-assign]
    assert Patience(board, StopRequest())(Away(2, FULL)) == "here"
    assert said == ["waiting for the study database: database or disk is full"] * 2 + [""]


def test_optunas_wrapping_is_taken_off():
    board = Board("s", total=1, metric="m")
    error = StorageInternalError("An exception is raised during the commit. ...")
    error.__cause__ = FULL
    with pytest.raises(UnavailableError, match="disk is full"):
        Patience(board, StopRequest(), seconds=0)(Away(9, error))


def test_a_person_who_stops_it_need_not_wait():
    stop = StopRequest()
    stop.request("stopped by hand")
    with pytest.raises(UnavailableError, match="resume"):
        Patience(Board("s", total=1, metric="m"), stop)(Away(9, FULL))


def test_other_errors_are_not_waited_for():
    with pytest.raises(ValueError):
        Patience(Board("s", total=1, metric="m"), StopRequest())(Away(1, ValueError()))
