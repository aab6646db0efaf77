"""A polite request to stop, from a signal handler or another thread, seen by the engine."""

from __future__ import annotations

import threading


class StopRequest:
    """Set once, with a reason in words; the engine looks at it between two reports."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._reason = ""

    def request(self, reason: str) -> None:
        """Ask for a clean stop; the first reason stays."""
        if not self._event.is_set():
            self._reason = reason
            self._event.set()

    def wait(self, seconds: float) -> None:
        """Sleep, but not past a request."""
        self._event.wait(seconds)

    @property
    def reason(self) -> str | None:
        """Why to stop, or None to go on."""
        return self._reason if self._event.is_set() else None
