"""`pgd:steps=50,restarts=10,norm=l2`: an attack and its options, as people type them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from search_spaces.errors import UnknownNameError, UsageError
from trainables.attacks import ATTACKS
from trainables.attacks.option import Option, options_of

if TYPE_CHECKING:
    from trainables.attacks.base import Attack


def make_attack(text: str, *, seed: int = 0) -> Attack:
    """The attack that `text` names, with its options; the others by default.

    Args:
        text: `fgsm`, or `NAME:option=value,option=value`.
        seed: of its random starts and draws.

    Raises:
        UsageError: an unknown name or option, one given twice, or a value that is not its own.
        UnavailableError: what the attack needs is not installed.
    """
    name, _, options = text.partition(":")
    kind = ATTACKS.get(name.strip())
    return kind(seed=seed, **_read(name.strip(), options_of(kind), options))


def _read(attack: str, known: dict[str, Option], text: str) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals:
            rule = f"An option of the attack {attack} is written NAME=VALUE."
            raise UsageError(rule, got=part, hint=f"It has {', '.join(known) or 'none'}.")
        if name not in known:
            raise UnknownNameError(f"option of the attack {attack}", name, known)
        if name in given:
            raise UsageError(f"{name} must be given once.", got=text)
        given[name] = known[name].read(name, value)
    return given
