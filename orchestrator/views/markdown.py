"""Text of others within Markdown: nothing of it may become markup."""

from __future__ import annotations

import re

# What would start a tag, a link, emphasis, or end a table's cell. By CommonMark (0.31, 6.2) an
# underscore within a word is none of it, so that names of nets can be read as they are; older
# readers take it for emphasis.
_SIGNS = r"[\\`*\[\]<>|~]"
_STRICT = re.compile(rf"({_SIGNS}|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))")
_OLDER = re.compile(rf"({_SIGNS}|_)")


def escaped(text: str, *, older: bool = False, strip: bool = True) -> str:
    """Text that is nothing but text, in one line.

    Args:
        older: for readers that know of no CommonMark, such as that of MLflow's descriptions.
        strip: without the spaces around it.
    """
    one_line = re.sub(r"\s+", " ", text)
    signs = _OLDER if older else _STRICT
    return signs.sub(r"\\\1", one_line.strip() if strip else one_line)
