"""`drive`: runs a generator to its end, for callers that want what it returns."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeVar

Y = TypeVar("Y")
R = TypeVar("R")


def _nobody(value: object) -> None:
    del value


def drive(run: Generator[Y, None, R], hear: Callable[[Y], object] = _nobody) -> R:
    """What `run` returns.

    Args:
        hear: is given everything that it yields.
    """
    while True:
        try:
            hear(next(run))
        except StopIteration as end:
            found: R = end.value
            return found
