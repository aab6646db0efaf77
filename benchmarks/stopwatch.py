"""Seconds spent inside chosen methods, by wrapping them in this process."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping
from typing import Any


class Stopwatch:
    """Adds up wall and CPU seconds of methods; one that is called inside itself counts once.

    Args:
        methods: (class, method name) by the name that the seconds go under.
    """

    def __init__(self, methods: Mapping[str, tuple[type, str]]) -> None:
        self._wall = dict.fromkeys(methods, 0.0)
        self._cpu = dict.fromkeys(methods, 0.0)
        for name, (owner, method) in methods.items():
            setattr(owner, method, self._timed(name, getattr(owner, method)))

    def read(self) -> dict[str, tuple[float, float]]:
        """(wall, CPU) seconds so far by name; `whole process` is since its start."""
        whole = (time.perf_counter(), time.process_time())
        return {
            **{name: (self._wall[name], self._cpu[name]) for name in self._wall},
            "whole process": whole,
        }

    def _timed(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        inside = False

        @functools.wraps(method)
        def timed(*arguments: Any, **keywords: Any) -> Any:
            nonlocal inside
            if inside:
                return method(*arguments, **keywords)
            inside = True
            wall, cpu = time.perf_counter(), time.thread_time()
            try:
                return method(*arguments, **keywords)
            finally:
                inside = False
                self._wall[name] += time.perf_counter() - wall
                self._cpu[name] += time.thread_time() - cpu

        return timed
