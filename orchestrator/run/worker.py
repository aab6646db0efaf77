"""The actor that runs trials on a Ray worker, one after the other in the same process."""

from __future__ import annotations

import time
from typing import Any

from ray import tune
from ray.tune.result import DONE

from orchestrator.run.attempt import Attempt
from orchestrator.study.messages import Message

# A call of a Ray actor costs about 10 ms: epochs that come faster travel together.
QUICK_SECONDS = 0.02
TOGETHER_SECONDS = 0.2


class TrialWorker(tune.Trainable):
    """Hands on the next messages of its attempt each step; Ray reuses it for the next trial."""

    def setup(self, config: dict[str, Any]) -> None:
        """Called by Ray once a process, with its first trial's assignment."""
        self._attempt = Attempt(config["assignment"])
        self._error: Exception | None = None

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Called by Ray before each further trial of this process."""
        # A stopped trial's generator is still open: close it before anything of the new trial.
        self._attempt.close()
        self._attempt = Attempt(new_config["assignment"])
        self._error = None
        return True

    def step(self) -> dict[str, Any]:
        """Called by Ray until a result is done; an exception is the trial's failure."""
        if self._error is not None:
            raise self._error
        messages = self._quick_messages()
        return {"messages": messages, DONE: messages[-1].kind == "final"}

    def _quick_messages(self) -> list[Message]:
        """One message, and those that follow it at once; a long stage announces itself first."""
        began = asked = time.monotonic()
        messages = [next(self._attempt)]
        while messages[-1].kind == "epoch" and self._error is None:
            now = time.monotonic()
            if now - asked > QUICK_SECONDS or now - began > TOGETHER_SECONDS:
                break
            asked = now
            try:
                messages.append(next(self._attempt))
            except Exception as error:
                self._error = error  # what came before it is told first
        return messages

    def cleanup(self) -> None:
        """Called by Ray when the actor ends: the search may be stopping, and its trial go on."""
        self._attempt.close(save=True)
