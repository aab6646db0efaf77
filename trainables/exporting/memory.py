"""How much memory this process has taken at its peak."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")
_FORGET = Path("/proc/self/clear_refs")


def forget_peak() -> None:
    """Let the peak begin anew at what is taken now; elsewhere than on Linux it can only rise."""
    try:
        _FORGET.write_text("5")
    except OSError:
        return


def peak_bytes() -> int:
    """The most memory that was resident since `forget_peak`, or since the process began."""
    try:
        lines = _STATUS.read_text().splitlines()
    except OSError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024
    (line,) = (line for line in lines if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024
