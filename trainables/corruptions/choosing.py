"""Which corruptions are meant: `none`, `all`, names and families, as people type them."""

from __future__ import annotations

from collections.abc import Sequence

from search_spaces.errors import UnknownNameError, UsageError
from trainables.corruptions import CORRUPTIONS

NO_CORRUPTION = "none"
EVERY_CORRUPTION = "all"
FAMILIES = ("noise", "blur", "weather", "digital")


def chosen_corruptions(text: str) -> tuple[str, ...]:
    """The names that `text` stands for, each once, in the registry's order.

    Args:
        text: `none`, `all`, or names and families with commas between: `noise,fog`.

    Raises:
        UnknownNameError: no such corruption or family; names the nearest.
        UsageError: nothing is named, or `none` or `all` beside others.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts or (len(parts) > 1 and {NO_CORRUPTION, EVERY_CORRUPTION} & set(parts)):
        rule = "corruptions is none, all, or names and families with commas between them."
        raise UsageError(rule, got=text, hint=f"Families: {', '.join(FAMILIES)}.")
    if parts == [NO_CORRUPTION]:
        return ()
    names = CORRUPTIONS.names()
    if parts == [EVERY_CORRUPTION]:
        return names
    known = (*names, *FAMILIES, EVERY_CORRUPTION, NO_CORRUPTION)
    for part in parts:
        if part not in known:
            raise UnknownNameError("corruption", part, known)
    asked, kinds = set(parts), set(parts) & set(FAMILIES)
    return tuple(n for n in names if n in asked or (kinds and family_of(n) in kinds))


def corruptions_as_typed(text: str) -> str:
    """`text` in the one way of writing it: `none`, `all`, or names in order.

    Raises:
        UsageError: as `chosen_corruptions`.
    """
    chosen = chosen_corruptions(text)
    if not chosen:
        return NO_CORRUPTION
    return EVERY_CORRUPTION if chosen == CORRUPTIONS.names() else ",".join(chosen)


def family_of(name: str) -> str:
    """`noise`, `blur`, `weather` or `digital`; "" of one that is registered nowhere here."""
    return CORRUPTIONS.get(name).family if name in CORRUPTIONS else ""


def families_of(names: Sequence[str]) -> dict[str, str]:
    """By corruption, as far as the family is known."""
    return {name: family for name in names if (family := family_of(name))}
