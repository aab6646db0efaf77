"""One kind of thing that can be chosen by name: spaces, data sources, backbones, attacks."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import Generic, TypeVar, cast

from search_spaces.errors import UnknownNameError

T = TypeVar("T")


class Registry(Generic[T]):
    """Maps names to `"module:attribute"` strings, imported at the first `get`.

    Names are known without importing anything heavy, so that `--help` stays fast and the same
    registry feeds the command line's choices. Other packages add entries through the entry-point
    group; a built-in name always wins over an entry point of the same name.

    Args:
        kind: what an entry is, in the words of an error message (`"backbone"`).
        builtin: name to `"module:attribute"`.
        group: the entry-point group, such as `"orchestrator.backbones"`.
    """

    def __init__(self, kind: str, builtin: Mapping[str, str], *, group: str) -> None:
        self.kind = kind
        self.group = group
        self._builtin = dict(builtin)

    @cached_property
    def _plugins(self) -> dict[str, EntryPoint]:
        return {entry.name: entry for entry in entry_points(group=self.group)}

    def names(self) -> tuple[str, ...]:
        """All names, built-in ones first, each part in the order of its registration."""
        return tuple(dict.fromkeys([*self._builtin, *self._plugins]))

    def __contains__(self, name: object) -> bool:
        return name in self._builtin or name in self._plugins

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def get(self, name: str) -> T:
        """The entry called `name`.

        Raises:
            UnknownNameError: names the valid choices and the nearest one.
        """
        if name in self._builtin:
            module, _, attribute = self._builtin[name].partition(":")
            return cast(T, getattr(importlib.import_module(module), attribute))
        if name in self._plugins:
            return cast(T, self._plugins[name].load())
        raise UnknownNameError(self.kind, name, self.names())
