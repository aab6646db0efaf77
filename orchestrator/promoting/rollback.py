"""`rollback`: champion and previous change places."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from orchestrator.study.uris import tracking_uri as tracking_store
from orchestrator.tracking.registry import Seats, swap_back
from orchestrator.tracking.talking import talking_to


@dataclass(frozen=True)
class RolledBack:
    """What a rollback did.

    Args:
        before, after: versions by alias; equal where there was nothing to go back to.
    """

    name: str
    before: Seats
    after: Seats

    @property
    def done(self) -> bool:
        """Whether the champion is another one now."""
        return self.before != self.after

    @property
    def sentence(self) -> str:
        """What was done, or why nothing was."""
        if self.done:
            return (
                f"{self.name}@champion is version {self.after.champion} again; version "
                f"{self.after.previous} is {self.name}@previous now."
            )
        if not self.before.champion:
            return f"{self.name} has no champion, so there is nothing to roll back."
        return (
            f"{self.name}@champion (version {self.before.champion}) has no previous one to go "
            "back to; nothing was changed."
        )

    def to_json(self) -> dict[str, Any]:
        """The object that `--json` prints; keys as in `docs/json.md`."""
        return {**asdict(self), "done": self.done, "sentence": self.sentence}


def rollback(name: str, *, tracking_uri: str | None = None) -> RolledBack:
    """Give the place back to the champion before; a second rollback undoes the first.

    Args:
        name: of the registered model.
        tracking_uri: MLflow's store (default: `MLFLOW_TRACKING_URI`, else the one here).

    Raises:
        UnavailableError: the store is away.
    """
    uri = tracking_store(tracking_uri)
    with talking_to(uri, f"The registered model {name}") as client:
        before, after = swap_back(client, name)
    return RolledBack(name, before, after)
