"""A study database that is away: the search waits, says so, and goes on when it is back."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from optuna.exceptions import StorageInternalError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError

from orchestrator.board import Board
from orchestrator.stop import StopRequest
from search_spaces.errors import UnavailableError

T = TypeVar("T")

MOST_SECONDS = 3600.0  # a database that is away for longer ends the session; it can be resumed
_PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0)  # seconds; the last one again and again


class Patience:
    """Calls into the study; waits where its database is away or its disk full.

    Args:
        board: is told what is waited for.
        stop: a person who does not want to wait; the session ends, and can be resumed.
        seconds: the longest wait.
    """

    def __init__(self, board: Board, stop: StopRequest, *, seconds: float = MOST_SECONDS) -> None:
        self._board, self._stop, self._seconds = board, stop, seconds

    def __call__(self, act: Callable[[], T]) -> T:
        """What `act` gives, in the end; it may be called several times.

        Raises:
            UnavailableError: it was away for too long, or a person asked for a stop meanwhile.
        """
        began = time.monotonic()
        tries = 0
        while True:
            try:
                found = act()
            except (StorageInternalError, SQLAlchemyError) as error:
                self._wait(error, time.monotonic() - began, tries)
                tries += 1
            else:
                if tries:
                    self._board.say("")
                return found

    def _wait(self, error: Exception, waited: float, tries: int) -> None:
        reason = first_line(error)
        if self._stop.reason is not None or waited >= self._seconds:
            raise UnavailableError(
                "The study database",
                [(f"{tries + 1} times in {waited:.0f} s", reason)],
                hint="Nothing that was told is lost: orchestrator resume STUDY goes on.",
            ) from None
        self._board.say(f"waiting for the study database: {reason}")
        self._stop.wait(_PAUSES[min(tries, len(_PAUSES) - 1)])


def is_away(error: Exception) -> bool:
    """Whether the database was away, rather than asked something wrong."""
    cause = error.__cause__ or error
    if isinstance(cause, OperationalError | InterfaceError):
        return True
    return isinstance(cause, DBAPIError) and cause.connection_invalidated


def first_line(error: Exception) -> str:
    """The database's own words; Optuna wraps them in advice to use another database."""
    cause = error.__cause__ or error
    return str(getattr(cause, "orig", None) or cause).strip().splitlines()[0][:200]
