"""Durations, sizes and lists as a person types them, turned into numbers and tuples."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from search_spaces.errors import UsageError

_SECONDS = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
_GIGABYTES = {"": 1.0, "gb": 1.0, "g": 1.0, "mb": 1e-3, "m": 1e-3, "tb": 1e3, "t": 1e3}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)\s*")


def seconds(text: str | None) -> float | None:
    """`"90"`, `"90s"`, `"30m"`, `"1h30m"`, `"2d"` in seconds.

    Raises:
        UsageError: not a duration, or not above 0.
    """
    return _sum(text, _SECONDS, "A duration is a number and s, m, h or d, such as 30m or 1h30m.")


def gigabytes(text: str | None) -> float | None:
    """`"20"`, `"20GB"`, `"500MB"`, `"1TB"` in gigabytes of 1e9 bytes.

    Raises:
        UsageError: not a size, or not above 0.
    """
    return _sum(text, _GIGABYTES, "A size is a number and MB, GB or TB, such as 20GB.")


def names(text: str | None) -> tuple[str, ...] | None:
    """`"a,b"` as `("a", "b")`, blanks around the commas dropped.

    Raises:
        UsageError: no name in it, or one named twice.
    """
    if text is None:
        return None
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    if not found:
        raise UsageError("A list of names has at least one, with commas between them.", got=text)
    if twice := [name for name in dict.fromkeys(found) if found.count(name) > 1]:
        raise UsageError("A list of names has each once.", got=twice[0])
    return found


def _sum(text: str | None, units: Mapping[str, float], rule: str) -> float | None:
    """The sum of all `<number><unit>` parts of `text`; units in lower case."""
    if text is None:
        return None
    lowered = text.strip().lower()
    parts = _PART.findall(lowered)
    whole = "".join(match.group(0) for match in _PART.finditer(lowered)) == lowered
    if not parts or not whole or any(unit not in units for _, unit in parts):
        raise UsageError(rule, got=text)
    total = math.fsum(float(number) * units[unit] for number, unit in parts)
    if total <= 0:
        raise UsageError(f"{rule} It is above 0.", got=text)
    return total


def several(values: list[str] | None) -> tuple[str, ...]:
    """An option that may be given more than once."""
    return tuple(values or ())
