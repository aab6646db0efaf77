"""Shows a search while it runs: live on a terminal, as plain lines anywhere else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.live import Live

from orchestrator.views.live import live_view
from orchestrator.views.plain import PlainView

if TYPE_CHECKING:
    from rich.console import Console

    from orchestrator.board import SearchSnapshot

Look = Callable[[], "SearchSnapshot"]

LIVE_EVERY, PLAIN_EVERY = 0.25, 1.0
"""Seconds between two looks at the board."""


@contextmanager
def watching(look: Look, console: Console) -> Iterator[None]:
    """Show `look()` on `console` from a thread of its own until the block ends, then once more."""
    with _live(look, console) if console.is_terminal else _plain(look, console):
        yield


@contextmanager
def _live(look: Look, console: Console) -> Iterator[None]:
    """Transient: the ranked table that follows says the same and more."""
    live = Live(console=console, auto_refresh=False, transient=True, vertical_overflow="crop")

    def show(snapshot: SearchSnapshot) -> None:
        live.update(live_view(snapshot, console), refresh=True)

    with live, _repeating(lambda: show(look()), LIVE_EVERY):
        yield


@contextmanager
def _plain(look: Look, console: Console) -> Iterator[None]:
    def write(line: str) -> None:
        console.file.write(f"{line}\n")
        console.file.flush()

    view = PlainView(write, began=time.time())
    with _repeating(lambda: view.show(look()), PLAIN_EVERY):
        yield


@contextmanager
def _repeating(act: Callable[[], None], every: float) -> Iterator[None]:
    """Call `act` now and every so many seconds, and a last time when the block ends.

    A reader that went away (`| head`) ends the showing, never the search.
    """
    done = threading.Event()

    def run() -> None:
        try:
            act()
            while not done.wait(every):
                act()
            act()
        except OSError:
            return

    thread = threading.Thread(target=run, name="view", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
