"""How the rows of a reference system bear an attack, and a robust model against its baseline."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainables.attacks.comparing import differences, told
from trainables.reports import RobustnessCurve

if TYPE_CHECKING:
    from orchestrator.reproducing.reproduction import ReproducedRow


@dataclass(frozen=True)
class RobustRow:
    """A row under attack, on validation images.

    Args:
        attack: its label, such as `pgd10`.
        count: images.
        score: the robust score, a share.
        eps_255, accuracy, worst_case: as in `RobustnessCurve`.
        alarms: signs of masked gradients, by name.
    """

    attack: str
    count: int
    score: float | None
    eps_255: tuple[float, ...]
    accuracy: tuple[float, ...]
    worst_case: tuple[float, ...]
    alarms: tuple[str, ...]
    provenance: Mapping[str, Any]

    @property
    def curve(self) -> RobustnessCurve:
        """The same, for the picture."""
        lines = (self.eps_255, self.accuracy, self.worst_case)
        return RobustnessCurve(*lines, self.count, self.provenance)


def robust_row(folder: str, metrics: Mapping[str, float]) -> RobustRow | None:
    """Of a finished trial; None where it was not attacked, or its files are not here."""
    try:
        held = json.loads((Path(folder) / "report.json").read_text(encoding="utf-8"))["robustness"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not held:
        return None
    provenance = held["provenance"]
    return RobustRow(
        attack=str(provenance["attack"]),
        count=int(held["count"]),
        score=metrics.get("robust_score"),
        eps_255=tuple(held["eps_255"]),
        accuracy=tuple(held["accuracy"]),
        worst_case=tuple(held["worst_case"]),
        alarms=tuple(str(alarm["name"]) for alarm in provenance.get("alarms") or ()),
        provenance=provenance,
    )


def robust_sentences(rows: Sequence[ReproducedRow], against: Mapping[str, str]) -> tuple[str, ...]:
    """Each robust model against its baseline; where the two were not attacked alike, that.

    Args:
        against: name of the baseline by that of the row; "" for a row without one.
    """
    known = {row.name: row for row in rows}
    found = []
    for row in rows:
        other = known.get(against.get(row.name, ""))
        if row.robust is not None and other is not None and other.robust is not None:
            found.append(f"{row.name} against {other.name}: {_compared(row, other)}.")
    return tuple(found)


def _compared(row: ReproducedRow, other: ReproducedRow) -> str:
    assert row.robust is not None and other.robust is not None
    unlike = differences(row.robust.provenance, other.robust.provenance)
    if unlike:
        return f"not compared, since they were not attacked alike ({told(unlike)})"
    at = _shared_eps(row.robust, other.robust)
    parts = [f"robust score {_points(row.robust.score, other.robust.score)}"]
    if at is not None:
        left = (each.worst_case[each.eps_255.index(at)] for each in (row.robust, other.robust))
        parts.append(f"accuracy at {at:g}/255 {_points(*left)}")
    parts.append(f"accuracy on clean test images {_points(row.test, other.test)}")
    return ", ".join(parts)


def _shared_eps(one: RobustRow, other: RobustRow) -> float | None:
    """8/255 where both have it, else the largest that both have."""
    both = sorted(set(one.eps_255) & set(other.eps_255) - {0})
    return 8 if 8 in both else (both[-1] if both else None)


def _points(here: float | None, there: float | None) -> str:
    """`+12.3 points (15.0 % and 2.7 %)`."""
    if here is None or there is None:
        return "not known"
    return f"{100 * (here - there):+.1f} points ({100 * here:.1f} % and {100 * there:.1f} %)"
