"""Options of an attack: declared as fields of its class, read from `pgd:steps=50,norm=l2`.

Imports no torch.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from search_spaces.options import Option

_KEY = "option"


def option(default: Any, sentence: str, *, whole: bool = True, **limits: Any) -> Any:
    """A dataclass field with its `Option` in its metadata; `limits` are those of `Option`.

    Numbers are whole ones unless `whole` says otherwise. The field gives the option its name.
    """
    found = Option("", default, sentence, whole=whole, **limits)
    return dataclasses.field(default=default, metadata={_KEY: found})


def options_of(attack: Any) -> dict[str, Option]:
    """Options of an attack or of its class, by name, in the order of their declaration."""
    if not dataclasses.is_dataclass(attack):
        return {}
    found = {each.name: each.metadata.get(_KEY) for each in dataclasses.fields(attack)}
    return {n: dataclasses.replace(each, name=n) for n, each in found.items() if each is not None}
