"""Ctrl-C and SIGTERM: the first asks for a clean stop, the second ends the process at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from orchestrator.stop import StopRequest

_WORDS = {signal.SIGINT: "stopped by Ctrl-C", signal.SIGTERM: "stopped by SIGTERM"}


@contextmanager
def graceful_interrupt(stop: StopRequest) -> Iterator[None]:
    """Turn signals into `stop` inside this block; elsewhere than in the main thread, do nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, frame: FrameType | None) -> None:
        del frame
        if stop.reason is not None:
            raise KeyboardInterrupt
        stop.request(_WORDS[signal.Signals(number)])

    before = {number: signal.signal(number, handle) for number in _WORDS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
