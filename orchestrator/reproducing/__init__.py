"""The tables of the reference systems, run again and laid beside what was published."""

from orchestrator.reproducing.planning import ReproduceRequest, plan_reproduction
from orchestrator.reproducing.reading import reading_reproduction
from orchestrator.reproducing.reproduction import ReproducedRow, Reproduction

__all__ = [
    "ReproduceRequest",
    "ReproducedRow",
    "Reproduction",
    "plan_reproduction",
    "reading_reproduction",
]
