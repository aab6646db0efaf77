"""What measured speeds depend on, and where they are remembered: one small file each.

<home>/speeds/<digest>.json   the fields of `SpeedKey`, images_per_second, measured (unix)
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path

from search_spaces.errors import UnavailableError
from trainables.home import home, home_folder


@dataclass(frozen=True)
class SpeedKey:
    """All that a measured speed depends on."""

    machine: str
    torch: str
    backbone: str
    input_size: int
    precision: str
    threads: int
    device: str

    @property
    def path(self) -> Path:
        """Where the speed is remembered."""
        text = json.dumps(dataclasses.asdict(self), sort_keys=True)
        return home() / "speeds" / f"{hashlib.sha256(text.encode()).hexdigest()[:24]}.json"


def machine(device: str) -> str:
    """The processor or GPU that `device` is, and how many of it."""
    if device.startswith("cuda"):
        import torch

        return f"{torch.cuda.device_count()} x {torch.cuda.get_device_name(device)}"
    return f"{os.cpu_count()} x {_cpu_model()}"


def _cpu_model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def recall(key: SpeedKey) -> float | None:
    """Images a second as measured before, if they were."""
    try:
        speed = json.loads(key.path.read_text())["images_per_second"]
        return float(speed) if speed > 0 else None
    except (OSError, ValueError, KeyError, TypeError):
        return None  # not measured yet, or a broken file: measure again


def remember(key: SpeedKey, speed: float) -> None:
    """Writes it down, atomically."""
    record = {**dataclasses.asdict(key), "images_per_second": speed, "measured": time.time()}
    temporary = key.path.with_suffix(f".{os.getpid()}.tmp")
    try:
        home_folder("speeds")
        temporary.write_text(json.dumps(record, indent=1) + "\n")
        temporary.replace(key.path)
    except (OSError, UnavailableError):
        temporary.unlink(missing_ok=True)  # a cache that cannot be written only costs time
