"""Names of studies, and the labels by which people tell trials apart."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from search_spaces.errors import UsageError

_VALID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

# How a parameter is called in a label, where its own name is long.
_SHORT = {"weight_decay": "wd", "batch_size": "batch", "input_size": "px", "dropout": "drop"}
_MOST = 4  # parameters in a label; the rest is in the run's parameters


def new_study_name(space: str, now: float) -> str:
    """`<space>-<UTC time>`, such as `backbone_compare-20261121-221507`."""
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%d-%H%M%S")
    return f"{space}-{stamp}"


def check_study_name(name: str) -> str:
    """`name`, which also names a folder.

    Raises:
        UsageError: it has characters that a folder or a URL would trip over.
    """
    if _VALID.fullmatch(name):
        return name
    nearest = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-._")[:100]
    raise UsageError(
        "A study's name has letters, digits, '.', '_' and '-', at most 100 in all.",
        got=name,
        hint=f"Nearest: {nearest!r}." if nearest else "",
    )


def trial_label(params: Mapping[str, Any], config: Mapping[str, Any]) -> str:
    """What was tried, in a line: `vgg16 · 128 px · lr 3e-3 · wd 1e-2`."""
    if set(params) == {"arm", "repeat"}:  # of a comparison: the arm says it all
        return f"{params['arm']} · repeat {params['repeat'] + 1}"
    backbone = params.get("backbone") or config.get("backbone")
    parts = [str(backbone)] if backbone else []
    size = params.get("input_size") or config.get("input_size")
    if size:
        parts.append(f"{size} px")
    shown = [name for name in params if name not in ("backbone", "input_size")]
    parts += [f"{_SHORT.get(name, name)} {_figure(params[name])}" for name in shown[:_MOST]]
    return " · ".join(parts) or "nothing varied"


def _figure(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int) or value == 0 or 0.1 <= abs(value) < 1000:
        return f"{value:.3g}" if isinstance(value, float) else str(value)
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa.removesuffix('.0')}e{int(exponent)}"
