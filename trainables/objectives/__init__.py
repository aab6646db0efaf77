"""What a net is trained to do well on: images as they are, or the worst ones near them, by name.

To add one: an `Objective` in a file of its own with a function that makes it from a config, and a
line here. Importing this imports no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from search_spaces.registry import Registry

if TYPE_CHECKING:
    from trainables.objectives.base import MakesObjective

CLEAN = "none"  # what `TrialConfig.adversarial` takes for training on images as they are

OBJECTIVES: Registry[MakesObjective] = Registry(
    "way of adversarial training",
    {
        CLEAN: "trainables.objectives.clean:make_clean",
        "pgd": "trainables.objectives.attacked:make_pgd",
        "fast": "trainables.objectives.attacked:make_fast",
        "trades": "trainables.objectives.trades:make_trades",
    },
    group="orchestrator.training_objectives",
)
