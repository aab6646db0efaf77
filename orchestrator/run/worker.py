"""The actor that runs trials on a Ray worker, one after the other in the same process."""

from __future__ import annotations

from typing import Any

from ray import tune
from ray.tune.result import DONE

from orchestrator.run.attempt import Attempt


class TrialWorker(tune.Trainable):
    """Hands on one message of its attempt a step; Ray reuses it for the next trial."""

    def setup(self, config: dict[str, Any]) -> None:
        """Called by Ray once a process, with its first trial's assignment."""
        self._attempt = Attempt(config["assignment"])

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Called by Ray before each further trial of this process."""
        # A stopped trial's generator is still open: close it before anything of the new trial.
        self._attempt.close()
        self._attempt = Attempt(new_config["assignment"])
        return True

    def step(self) -> dict[str, Any]:
        """Called by Ray until a result is done; an exception is the trial's failure."""
        message = next(self._attempt)
        return {"message": message, DONE: message.kind == "final"}

    def cleanup(self) -> None:
        """Called by Ray when the actor ends."""
        self._attempt.close()
