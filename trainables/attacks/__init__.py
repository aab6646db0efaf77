"""Attacks on a classifier, and accuracy under them. Importing this imports no torch.

To add one: a subclass of `Attack` in a file of its own, and a line here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from search_spaces.registry import Registry

if TYPE_CHECKING:
    from trainables.attacks.base import Attack

ATTACKS: Registry[type[Attack]] = Registry(
    "attack",
    {
        "fgsm": "trainables.attacks.fgsm:FGSM",
        "pgd": "trainables.attacks.pgd:PGD",
        "apgd_ce": "trainables.attacks.apgd_ce:APGDCrossEntropy",
        "apgd_t": "trainables.attacks.apgd_t:APGDTargeted",
        "square": "trainables.attacks.square:Square",
        "ensemble": "trainables.attacks.ensemble:Ensemble",
        "autoattack": "trainables.attacks.published:PublishedAutoAttack",
    },
    group="orchestrator.attacks",
)

# What `TrialConfig.attack` takes for "no attack at all".
NO_ATTACK = "none"
# What `TrialConfig.second_attack` takes for "PGD in 10 steps after fgsm, else none".
AUTO_ATTACK = "auto"
