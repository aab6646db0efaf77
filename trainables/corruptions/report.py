"""`CorruptionReport`: accuracies under corruptions, as a value and as JSON. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any


@dataclass(frozen=True)
class CorruptionReport:
    """Accuracies by corruption and severity.

    Args:
        accuracy: by corruption, at each of `severities` in their order.
        clean: on the same images as they are; None where only corrupted ones are there.
        count: images at each severity.
        provenance: corruptions, severities, sample digest, seed, source, families.
    """

    accuracy: Mapping[str, tuple[float, ...]]
    severities: tuple[int, ...]
    clean: float | None
    count: int
    provenance: Mapping[str, Any]

    @property
    def mean(self) -> float:
        """Over all corruptions and severities, each with the same weight."""
        return fmean(self.by_name.values())

    @property
    def by_name(self) -> dict[str, float]:
        """The mean over severities of each corruption."""
        return {name: fmean(each) for name, each in self.accuracy.items()}

    @property
    def by_severity(self) -> dict[int, float]:
        """The mean over corruptions at each severity."""
        columns = zip(*self.accuracy.values(), strict=True)
        return {s: fmean(each) for s, each in zip(self.severities, columns, strict=True)}

    @property
    def by_family(self) -> dict[str, float]:
        """The mean of each family's corruptions; `other` for what is in none of the four."""
        families, by_name = self.provenance.get("families") or {}, self.by_name
        found: dict[str, list[float]] = {}
        for name, share in by_name.items():
            found.setdefault(str(families.get(name, "other")), []).append(share)
        return {family: fmean(shares) for family, shares in found.items()}

    @property
    def passes(self) -> int:
        """Images that went through the net."""
        conditions = len(self.accuracy) * len(self.severities)
        return self.count * (conditions + (self.clean is not None))

    def metrics(self) -> dict[str, float]:
        """`corruption_acc`, the mean; `corruption_acc_NAME`; `corruption_n`, images a severity;
        `corruption_passes`, images through the net."""
        by_name = {f"corruption_acc_{name}": share for name, share in self.by_name.items()}
        counts = {"corruption_n": float(self.count), "corruption_passes": float(self.passes)}
        return {"corruption_acc": self.mean, **by_name, **counts}

    def to_json(self) -> dict[str, Any]:
        """As `report.json` holds it, and `evaluate --json` prints it."""
        return {
            "mean": self.mean,
            "clean": self.clean,
            "count": self.count,
            "severities": list(self.severities),
            "by_family": self.by_family,
            "by_severity": list(self.by_severity.values()),
            "accuracy": {name: list(each) for name, each in self.accuracy.items()},
            "provenance": dict(self.provenance),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> CorruptionReport:
        """What `to_json` gave."""
        return cls(
            accuracy={name: tuple(each) for name, each in stored["accuracy"].items()},
            severities=tuple(stored["severities"]),
            clean=stored["clean"],
            count=int(stored["count"]),
            provenance=stored["provenance"],
        )
