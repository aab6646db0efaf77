"""How often a thing that costs time is done beside trials that want the processor."""

from __future__ import annotations

import time
from collections.abc import Callable

_SHARE = 0.02  # of one core, at the most


class Pace:
    """Does a thing again only where something has changed, and seldom enough not to be felt.

    Args:
        least: seconds between two times; more where it takes long.
        first: seconds until the first time (default: `least`).
    """

    def __init__(self, least: float, *, first: float | None = None) -> None:
        self._least = least
        self._done: object = None
        self._due = time.monotonic() + (least if first is None else first)

    def __call__(self, act: Callable[[], None], state: object, *, now: bool) -> None:
        """Call `act` if it is due.

        Args:
            state: what the thing depends on; nothing is done while it stays the same.
            now: do not wait, if it has changed.
        """
        if state == self._done or not (now or time.monotonic() >= self._due):
            return
        began = time.monotonic()
        act()
        ended = time.monotonic()
        self._done, self._due = state, ended + max(self._least, (ended - began) / _SHARE)
