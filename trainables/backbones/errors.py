"""What can be wrong with weights. Importing this imports no torch."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from search_spaces.errors import UnavailableError, UsageError

_HINT = "Give them with --weights-dir, or ask for random ones with --weights random."


class WeightsRefused(UsageError):
    """A weights file that is not what it is said to be.

    Args:
        path: the file.
        reason: what is wrong with it, as the rest of a sentence that begins "it".
        hint: what to do next, as a sentence.
    """

    def __init__(self, path: Path, reason: str, *, hint: str = "") -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"The weights file {path} is refused: it {reason}.", hint=hint)


class WeightsUnavailable(UnavailableError):
    """No weights for a backbone; `str()` lists every route that was tried.

    Args:
        name: the backbone.
        tried: pairs (route, why it failed).
        reason: the same in one line, for a table of what was left out.
        hint: what to do next, as a sentence, where it is not the usual one.
    """

    def __init__(
        self, name: str, tried: Iterable[tuple[str, str]], *, reason: str, hint: str = ""
    ) -> None:
        hint = hint or _HINT
        super().__init__(f"Pretrained weights of {name}", tried, hint=hint)
        self.reason = reason
