"""The systems whose results this project started from, as rows of configurations to run again."""

from __future__ import annotations

from search_spaces.references.reference import BUDGETS, Missing, Reference, Row, reference_space
from search_spaces.registry import Registry
from search_spaces.space import Space

__all__ = ["BUDGETS", "REFERENCES", "Missing", "Reference", "Row", "find_reference_space"]

PREFIX = "reference_"

REFERENCES: Registry[Reference] = Registry(
    "reference system",
    {
        "A": "search_spaces.references.a:REFERENCE",
        "B": "search_spaces.references.b:REFERENCE",
        "C": "search_spaces.references.c:REFERENCE",
        "D": "search_spaces.references.d:REFERENCE",
    },
    group="orchestrator.references",
)


def space_name(system: str, budget: str) -> str:
    """Of the space that runs the rows: `reference_A_small`."""
    return f"{PREFIX}{system}_{budget}"


def find_reference_space(name: str) -> Space:
    """The space of that name.

    Raises:
        UnknownNameError: there is no such system, or no such budget of it.
    """
    system, _, budget = name.removeprefix(PREFIX).rpartition("_")
    return reference_space(REFERENCES.get(system), budget)
