"""The learning rate range test, and what it suggests. Importing this imports no torch.

To add a suggestion: a function in a file of its own, and a line here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from search_spaces.registry import Registry

if TYPE_CHECKING:
    from trainables.lr_range.value import Suggests

SUGGESTIONS: Registry[Suggests] = Registry(
    "learning rate suggestion",
    {
        "steep": "trainables.lr_range.steep:steep",
        "valley": "trainables.lr_range.valley:valley",
        "minimum": "trainables.lr_range.minimum:minimum",
        "slide": "trainables.lr_range.slide:slide",
    },
    group="orchestrator.lr_suggestions",
)
