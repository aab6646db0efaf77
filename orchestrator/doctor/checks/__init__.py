"""The checks, in the order in which they are run and shown."""

from __future__ import annotations

from orchestrator.doctor.bounded import Check
from search_spaces.registry import Registry

_HERE = "orchestrator.doctor.checks"

CHECKS: Registry[Check] = Registry(
    "check of the doctor",
    {
        "python": f"{_HERE}.python:CHECK",
        "packages": f"{_HERE}.packages:CHECK",
        "torch": f"{_HERE}.pytorch:CHECK",
        "cores": f"{_HERE}.cores:CHECK",
        "memory": f"{_HERE}.memory:CHECK",
        "disk": f"{_HERE}.disk:CHECK",
        "ray": f"{_HERE}.on_ray:CHECK",
        "storage": f"{_HERE}.storage:CHECK",
        "tracking": f"{_HERE}.tracking:CHECK",
        "weights": f"{_HERE}.weights:CHECK",
        "data": f"{_HERE}.data:CHECK",
        "ports": f"{_HERE}.ports:CHECK",
        "clock": f"{_HERE}.clock:CHECK",
    },
    group="orchestrator.doctor_checks",
)
