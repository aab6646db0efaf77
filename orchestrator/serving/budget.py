"""How many bytes of requests the server holds at a time, over all clients."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from orchestrator.serving.refusing import Refused

MOST_BYTES = 1 << 30


class Budget:
    """Bytes that may be taken; called from the event loop and from the threads that decode.

    Without it a few hundred clients, each within its own limits, would fill the memory.
    """

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._taken = 0
        self._lock = threading.Lock()

    @property
    def taken(self) -> int:
        """Bytes held now."""
        return self._taken

    @contextmanager
    def opened(self) -> Iterator[Purse]:
        """What one request takes; given back at its end."""
        purse = Purse(self)
        try:
            yield purse
        finally:
            self.move(-purse.held)

    def move(self, size: int) -> bool:
        """Take `size` bytes, or give them back; False where that would be too many."""
        with self._lock:
            if size > 0 and self._taken + size > self._most:
                return False
            self._taken += size
            return True


class Purse:
    """The bytes of one request."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self.held = 0

    def take(self, size: int) -> None:
        """Hold `size` bytes more.

        Raises:
            Refused: 503, the server holds as much as it may.
        """
        if not self._budget.move(size):
            raise Refused(503, "The server is busy with other large requests; try again.")
        self.held += size
