"""Passwords in addresses never reach a report, wherever they come from: a reason, a config."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

T = TypeVar("T")

# scheme://user:password@host; and what a query says is one.
_IN_ADDRESS = re.compile(r"(?P<before>[A-Za-z][A-Za-z0-9+.-]*://[^\s/:@]*):[^\s@]+@")
_IN_QUERY = re.compile(
    r"(?P<before>[?&;](?:password|passwd|pwd|token|access_token|secret|api_key|sig|signature)=)"
    r"[^\s&;#'\"]+",
    re.IGNORECASE,
)


def without_secrets(text: str) -> str:
    """`text` with `***` for the passwords of the addresses in it."""
    masked = _IN_ADDRESS.sub(r"\g<before>:***@", text)
    return _IN_QUERY.sub(r"\g<before>***", masked)


def cleaned(value: T) -> T:
    """A report's value with every string in it cleaned, however deep it lies."""
    found: T = _cleaned(value)
    return found


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return without_secrets(value)
    if isinstance(value, tuple):
        return tuple(_cleaned(item) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        changes = {each.name: _cleaned(getattr(value, each.name)) for each in fields(value)}
        return replace(value, **changes)
    return value
