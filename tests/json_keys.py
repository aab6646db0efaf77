"""Holds a command's JSON to the keys that docs/json.md says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

JSON_PAGE = (Path(__file__).parent.parent / "docs" / "json.md").read_text(encoding="utf-8")


def _documented(heading: str) -> set[str]:
    """The keys under `## <heading>` in docs/json.md."""
    section = JSON_PAGE.partition(f"## `{heading}`\n")[2].partition("\n## ")[0]
    assert section, f"no section {heading!r} in docs/json.md"
    cells = [row.split("|")[1] for row in section.splitlines() if row.startswith("| `")]
    return {key for cell in cells for key in re.findall(r"`([^`]+)`", cell)}


def _paths(value: Any, keys: set[str], at: str = "") -> Iterator[str]:
    """The paths of a value in the page's notation; `null` and empty things end one."""
    if f"{at}.*" in keys and isinstance(value, dict):
        yield f"{at}.*"
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _paths(item, keys, f"{at}.{key}" if at else key)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for item in value:
            yield from _paths(item, keys, f"{at}[]")
    else:
        yield at


def check(heading: str, value: dict[str, Any]) -> None:
    """Every real key is documented, and every documented one is there or under an empty parent."""
    documented = _documented(heading)
    real = set(_paths(value, documented))
    open_ends = {path for path in real if path not in documented}
    closed = {
        path
        for path in open_ends
        if any(key.startswith((f"{path}.", f"{path}[]")) for key in documented)
    }
    assert open_ends == closed, f"not in docs/json.md: {open_ends - closed}"
    missing = {
        key
        for key in documented - real
        if not any(_is_under(key, path) or _is_under(path, key) for path in real)
    }
    assert not missing, f"in docs/json.md only: {missing}"


def _is_under(path: str, parent: str) -> bool:
    return path.startswith((f"{parent}.", f"{parent}[]"))
