"""Where a trial keeps its state while it runs, to go on from there after a kill.

    def train(config, checkpoint):
        state = checkpoint.load() or {"epoch": 0, "weights": start(config)}
        for epoch in range(state["epoch"] + 1, config["epochs"] + 1):
            ...
            yield {"epoch": epoch, "loss": loss}
            if checkpoint.due():
                checkpoint.save({"epoch": epoch, "weights": weights})

Report an epoch first, then save: a kill in between repeats the epoch, the other order loses it.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from trainables.atomic import write_file
from trainables.state_file import DamagedFile, read_state, write_state

SCHEMA = "1"
EVERY_SECONDS = 10.0
_MOST_TIME = 0.05  # share of a trial's time that may go into saving
_FILE = "state.safetensors"


class Checkpoint:
    """Whoever runs the trial makes it; the trial calls `load` once, then `due` and `save`.

    Args:
        folder: of its own; None for a trial that is run by hand and keeps nothing.
        digest: of the config; a state that was saved under another one is left aside.
        every: seconds between two saves that `due` asks for; 0 for always.

    Attributes:
        reported: the last epoch that the trial has reported; set by whoever runs it.
        save_on_close: whether a trial that is closed saves first, see `saving_if_closed`.
    """

    def __init__(
        self, folder: Path | None, *, digest: str = "", every: float = EVERY_SECONDS
    ) -> None:
        self.reported = 0
        self.save_on_close = False
        self._folder, self._digest, self._every = folder, digest, every
        self._note = ""
        self._saved_at, self._cost = time.monotonic(), 0.0
        self._found: tuple[Any, int] | None = None
        self._looked = False

    @property
    def epoch(self) -> int:
        """The last epoch that had been reported when the state to go on from was saved, or 0."""
        found = self._look()
        return 0 if found is None else found[1]

    def load(self) -> Any:
        """What was saved last, or None for a fresh start; tensors are on the CPU."""
        found = self._look()
        self._found = None  # it may be large
        if found is None:
            return None
        state, self.reported = found
        return state

    def due(self) -> bool:
        """Whether it is time to save: not too often, and not so that saving is most of the work."""
        if self._folder is None:
            return False
        wait = max(self._every, self._cost / _MOST_TIME) if self._every else 0.0
        return time.monotonic() - self._saved_at >= wait

    def save(self, state: Mapping[str, Any]) -> None:
        """Replaces what was saved before, whole or not at all.

        A disk that is full does not end the trial: what was saved before stays, and the next
        `save` tries again.

        Raises:
            UsageError: the state holds something that is not data; names where.
        """
        if self._folder is None:
            return
        started = time.monotonic()
        header = {"schema": SCHEMA, "digest": self._digest, "epoch": str(self.reported)}
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_file(self._folder / _FILE, partial(write_state, state=state, header=header))
        except OSError as error:
            self._note = f"going on, but without a new checkpoint: {error.strerror or error}"
        self._saved_at = time.monotonic()
        self._cost = self._saved_at - started

    @contextmanager
    def saving_if_closed(self, state: Callable[[], Mapping[str, Any]]) -> Iterator[None]:
        """Around a `yield` between two epochs: saves there if the trial is stopped to go on later.

        Args:
            state: gives what `save` takes.
        """
        try:
            yield
        except GeneratorExit:
            if self.save_on_close:
                self.save(state())
            raise

    def set_aside(self, reason: str) -> None:
        """What `load` gave cannot be used after all; the trial starts anew and says why."""
        self.reported = 0
        self._note = f"starting anew, its checkpoint is left aside: {reason}"

    def remove(self) -> None:
        """Forgets all that was saved."""
        self._found = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def take_note(self) -> str:
        """What a person should know of it since the last call; "" for nothing."""
        note, self._note = self._note, ""
        return note

    def _look(self) -> tuple[Any, int] | None:
        if not self._looked and self._folder is not None:
            self._looked = True
            try:
                self._found = self._read(self._folder / _FILE)
            except FileNotFoundError:
                pass
            except (DamagedFile, OSError, ValueError, KeyError) as error:
                self.set_aside(f"it is damaged ({error})")
        return self._found

    def _read(self, path: Path) -> tuple[Any, int] | None:
        state, header = read_state(path)
        if header["schema"] != SCHEMA:
            self.set_aside(f"it has schema {header['schema']}, and this version writes {SCHEMA}")
        elif header["digest"] != self._digest:
            self.set_aside("it was saved under another config")
        else:
            return state, int(header["epoch"])
        return None
