"""Follows an alias of the registry: loads what it points at, makes it ready, and swaps.

In a thread of its own, since a registry that is away may take long to say so, and loading takes
seconds. Whatever goes wrong here, the model that answers goes on answering.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from orchestrator.say import Say, silent
from orchestrator.serving.metrics import ServerMetrics
from orchestrator.serving.served_model import Classifier, ModelSlot, made_ready
from search_spaces.errors import OrchestratorError, UsageError

_STOP_SECONDS = 5.0
_LONGEST_PAUSE = 300.0


@dataclass(frozen=True)
class Watch:
    """What is known of the registry.

    Args:
        looked: Unix seconds of the last look that was answered; 0 before the first.
        away: why the last look gave no version, in words that tell nothing of this machine.
        gone: whether that is for want of the alias, in a registry that answers.
        loading: the version that is being loaded, None if none is.
        failed: the newest version, where it cannot be used; else None.
    """

    looked: float = 0.0
    away: str = ""
    gone: bool = False
    loading: str | None = None
    failed: str | None = None


class AliasWatcher:
    """Puts the version that an alias points at into the slot.

    Args:
        slot: of the model that answers.
        newest: the version that the alias points at; may raise anything.
        load: the classifier of a version.
        every: seconds between two looks.
        largest_batch: that a new model must bear before it answers.
        metrics, say: are told.
    """

    def __init__(
        self,
        slot: ModelSlot,
        newest: Callable[[], str],
        load: Callable[[str], Classifier],
        *,
        every: float,
        largest_batch: int,
        metrics: ServerMetrics,
        say: Say = silent,
    ) -> None:
        self.slot, self._newest, self._load = slot, newest, load
        self.every, self._largest = every, largest_batch
        self._metrics, self._say = metrics, say
        self._watch = Watch(looked=time.time())
        self._not_before = 0.0  # monotonic; when a version that failed is tried again
        self._pause = every
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="alias", daemon=True)
        metrics.registry_up.set(1)

    @property
    def watch(self) -> Watch:
        """What is known now."""
        return self._watch

    def start(self) -> None:
        """Look every now and then, until `stop`."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more; a look that hangs is left behind."""
        self._ending.set()
        self._thread.join(_STOP_SECONDS)

    def look(self) -> None:
        """One look, and what follows from it."""
        try:
            version = self._newest()
        except Exception as error:
            self._lost(error)
            return
        if self._watch.away:
            self._say("The model registry answers again.")
        self._metrics.registry_up.set(1)
        self._note(looked=time.time(), away="", gone=False)
        if version == self.slot.current.classifier.version:
            self._note(failed=None)
        elif version != self._watch.failed or time.monotonic() >= self._not_before:
            self._change_to(version)

    def _run(self) -> None:
        while not self._ending.wait(self.every):
            self.look()

    def _lost(self, error: Exception) -> None:
        # `/health` is read by anybody who can reach the server: no address, no path.
        gone = isinstance(error, UsageError)
        away = "the alias is not in the registry" if gone else "the registry does not answer"
        if away != self._watch.away:
            title = self.slot.current.title
            self._say(f"Going on with {title}: {away}. {_words(error)}")
        self._note(away=away, gone=gone)
        self._metrics.registry_up.set(1 if gone else 0)

    def _change_to(self, version: str) -> None:
        self._note(loading=version)
        before = self.slot.current.title
        try:
            model = made_ready(self._load(version), self._largest)
        except Exception as error:
            self._failed(version, _words(error), before)
            return
        finally:
            self._note(loading=None)
        self.slot.put(model)
        self._metrics.serving(model)
        self._metrics.reloads.labels("loaded").inc()
        self._pause = self.every
        self._note(failed=None)
        self._say(f"{model.title} answers from now on, in place of {before}.")

    def _failed(self, version: str, reason: str, before: str) -> None:
        """It is tried again, ever less often: loading costs what the requests could use."""
        again = version == self._watch.failed
        self._pause = min(self._pause * 2 if again else self.every, _LONGEST_PAUSE)
        self._not_before = time.monotonic() + self._pause
        self._metrics.reloads.labels("failed").inc()
        self._note(failed=version)
        if not again:
            self._say(f"Version {version} cannot be used: {reason} {before} goes on answering.")

    def _note(self, **changes: object) -> None:
        self._watch = replace(self._watch, **changes)  # type: ignore[arg-type]


def _words(error: Exception) -> str:
    """For the server's own output: an error that was not written for people may hold a password
    (MLflow's name the address of the store), so only its kind is said."""
    if isinstance(error, OrchestratorError):
        return str(error)
    return f"{type(error).__name__}."
