"""`pgd:steps=50,restarts=10,norm=l2`: an attack and its options, as people type them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from search_spaces.options import as_typed, read_options, split_name, with_defaults
from trainables.attacks import ATTACKS
from trainables.attacks.option import options_of

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
    name, options = split_name(text)
    kind = ATTACKS.get(name)
    return kind(seed=seed, **read_options(f"attack {name}", options_of(kind).values(), options))


def attack_as_typed(text: str) -> str:
    """`text` in the one way of writing it: options in order, none that is at its default.

    Raises:
        UsageError, UnavailableError: as `make_attack`.
    """
    name, options = split_name(text)
    known = tuple(options_of(ATTACKS.get(name)).values())
    given = read_options(f"attack {name}", known, options)
    return as_typed(name, known, with_defaults(known, given))
