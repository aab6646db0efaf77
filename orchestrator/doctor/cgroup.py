"""What a container may use of its machine: the limits of Linux's control groups, both versions.

Version 2 has one tree (`cpu.max`, `memory.max`), version 1 one a resource (`cpu.cfs_quota_us`,
`memory.limit_in_bytes`); a limit of any group above holds too. Kernel documentation:
admin-guide/cgroup-v2.rst and admin-guide/cgroup-v1/memory.rst, scheduler/sched-bwc.rst.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

# Version 1 writes "no limit" as the largest multiple of a page below 2^63.
_NO_LIMIT = 2**60


@dataclass(frozen=True)
class Limits:
    """Of this process; None where there is no limit.

    Args:
        cores: of processor time.
        memory: bytes.
        memory_used: bytes that count against `memory`, caches of files included.
    """

    cores: float | None = None
    memory: int | None = None
    memory_used: int | None = None


def read_limits(
    root: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")
) -> Limits:
    """The tightest limits that hold for this process; none on a system without control groups."""
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return Limits()
    paths = {names: path for _, names, path in (line.split(":", 2) for line in lines)}
    cores = [*_each(root, paths, "cpu", _quota_v1), *_each(root, paths, "", _quota_v2)]
    memory = [*_each(root, paths, "memory", _memory_v1), *_each(root, paths, "", _memory_v2)]
    limit, used = min(memory, default=(None, None))
    return Limits(min(cores, default=None), limit, used)


def _each(
    root: Path, paths: dict[str, str], controller: str, read: Callable[[Path], T | None]
) -> Iterator[T]:
    """What `read` finds in the process's group of a controller, and in those above it."""
    for names, path in paths.items():
        if controller not in names.split(","):
            continue
        top = root / controller
        group = top / path.lstrip("/")
        for folder in (group, *group.parents):
            found = read(folder) if folder.is_relative_to(top) else None
            if found is not None:
                yield found


def _quota_v2(folder: Path) -> float | None:
    quota, _, period = _text(folder / "cpu.max").partition(" ")
    return int(quota) / int(period) if quota.isdigit() and period.isdigit() else None


def _quota_v1(folder: Path) -> float | None:
    quota, period = _number(folder / "cpu.cfs_quota_us"), _number(folder / "cpu.cfs_period_us")
    return quota / period if quota and period else None


def _memory_v2(folder: Path) -> tuple[int, int] | None:
    limit, used = _number(folder / "memory.max"), _number(folder / "memory.current")
    return (limit, used or 0) if limit else None


def _memory_v1(folder: Path) -> tuple[int, int] | None:
    limit = _number(folder / "memory.limit_in_bytes")
    used = _number(folder / "memory.usage_in_bytes")
    return (limit, used or 0) if limit and limit < _NO_LIMIT else None


def _number(path: Path) -> int | None:
    text = _text(path)
    return int(text) if text.isdigit() else None


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
