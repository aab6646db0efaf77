"""`RefusedModel`: a model file that is not opened, and why."""

from __future__ import annotations

from search_spaces.errors import OrchestratorError


class RefusedModel(OrchestratorError):
    """A file that could run code, or is not what was logged; nothing in it was run.

    Args:
        where: the file or model.
        reason: as a clause.
    """

    def __init__(self, where: str, reason: str) -> None:
        self.where, self.reason = where, reason
        super().__init__(
            f"{where} is refused, and nothing in it was run: {reason}. "
            "A model of this project is a pt2 file of numbers and a graph; use one that "
            "`orchestrator search` or `orchestrator promote` has logged."
        )
