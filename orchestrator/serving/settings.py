"""How a model is served, as one frozen value; defaults live here and nowhere else."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass

from search_spaces.errors import UsageError

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class ServeSettings:
    """Checked once, when it is made.

    Args:
        host: name or address to listen on; the default is reached from this machine only.
        port: TCP port; None for the first free one from 8000, 0 for any free one.
        allowed_hosts: further names by which clients may call this server.
        reload_seconds: between two looks at where the alias points.
        batching: whether requests that wait at the same time are predicted together.
        max_batch: images in one pass through the net at most.
        max_wait_ms: milliseconds that a batch waits for requests that are still being read.
        threads: of torch, for one pass; None for all cores.

    Raises:
        UsageError: a number that makes no sense.
    """

    host: str = LOOPBACK
    port: int | None = None
    allowed_hosts: tuple[str, ...] = ()
    reload_seconds: float = 5.0
    batching: bool = True
    max_batch: int = 64
    max_wait_ms: float = 2.0
    threads: int | None = None

    def __post_init__(self) -> None:
        _check("--port", self.port, 0, 65535)
        _check("--reload-seconds", self.reload_seconds, 0.1, 86_400)
        _check("--max-batch", self.max_batch, 1, 4096)
        _check("--max-wait-ms", self.max_wait_ms, 0, 1000)
        _check("--threads", self.threads, 1, 1024)

    @property
    def torch_threads(self) -> int:
        """As asked, else the cores that this process may use."""
        mask = getattr(os, "sched_getaffinity", None)  # not on every system
        return self.threads or (len(mask(0)) if mask else os.cpu_count() or 1)


def _check(option: str, value: float | None, low: float, high: float) -> None:
    if value is None or (math.isfinite(value) and low <= value <= high):
        return
    nearest = high if value > high else low
    raise UsageError(f"{option} must be {low:g} to {high:g}.", got=value, hint=f"Try {nearest:g}.")
