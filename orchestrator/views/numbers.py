"""Numbers as people read them: one way for each kind, everywhere in the project."""

from __future__ import annotations

import math

NOTHING = "-"
"""Stands where there is no figure."""


def percent(share: float | None) -> str:
    """A share in [0, 1] as percent with one decimal: `0.848` is `84.8`."""
    return NOTHING if share is None or not math.isfinite(share) else f"{100 * share:.1f}"


def percent_between(share: float | None, low: float | None, high: float | None) -> str:
    """A share with its interval: `84.8 (83.9-85.6)`; without the brackets where there is none."""
    if NOTHING in (bounds := (percent(low), percent(high))):
        return percent(share)
    return f"{percent(share)} ({bounds[0]}-{bounds[1]})"


def duration(seconds: float | None) -> str:
    """A time span in its two largest units: `3.2s`, `42s`, `5m12s`, `1h03m`, `2d04h`."""
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    if seconds < 9.95:
        return f"{max(0.0, seconds):.1f}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    minutes = round(seconds / 60)
    if minutes < 24 * 60:
        return f"{minutes // 60}h{minutes % 60:02d}m"
    hours = round(seconds / 3600)
    return f"{hours // 24}d{hours % 24:02d}h"


def count(number: int | None) -> str:
    """A whole number with commas between its thousands: `1,000`."""
    return NOTHING if number is None else f"{number:,}"


def si(number: float | None, unit: str = "") -> str:
    """Three digits and an SI prefix: `138M`, `3.50M`, `1.28k`; with `unit="B"`, `1.28kB`."""
    if number is None or not math.isfinite(number):
        return NOTHING
    value, prefix = float(number), ""
    for larger in ("k", "M", "G", "T"):
        if abs(value) < 999.5:
            break
        value, prefix = value / 1000, larger
    if not prefix:
        return f"{value:.0f}{unit}"
    decimals = 0 if abs(value) >= 99.95 else 1 if abs(value) >= 9.995 else 2
    return f"{value:.{decimals}f}{prefix}{unit}"


def plain(value: float | None) -> str:
    """A figure of no known unit, such as a learning rate or a loss: up to four digits."""
    return NOTHING if value is None or not math.isfinite(value) else f"{value:.4g}"


def metric(name: str, value: float | None) -> str:
    """A metric in the unit of its kind, told by its public name (`docs/json.md`)."""
    if name.endswith("_seconds"):
        return duration(value)
    if name.endswith(("_acc", "_score", "_ece", "_gap")) or "_acc_" in name:
        return percent(value)
    return plain(value)
