"""Learning rates by step, chosen by name. Importing this imports no torch.

To add one: a `Schedule` in a file of its own with a function that makes it from a config, and a
line here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from search_spaces.registry import Registry

if TYPE_CHECKING:
    from trainables.schedules.base import MakesSchedule

SCHEDULES: Registry[MakesSchedule] = Registry(
    "schedule",
    {
        "constant": "trainables.schedules.constant:make_constant",
        "cosine": "trainables.schedules.cosine:make_cosine",
        "multistep": "trainables.schedules.multistep:make_multistep",
        "onecycle": "trainables.schedules.onecycle:make_onecycle",
    },
    group="orchestrator.schedules",
)
