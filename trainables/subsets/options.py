"""A strategy with its options, as `parse_subset` reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from search_spaces.options import Value, as_typed
from trainables.subsets.kind import SubsetStrategy


@dataclass(frozen=True)
class SubsetSpec:
    """A strategy with all its options resolved."""

    strategy: SubsetStrategy
    options: Mapping[str, Value]

    def __str__(self) -> str:
        """As it is typed; options at their defaults are left out."""
        return as_typed(self.strategy.name, self.strategy.options, self.options)
