"""`NextStep`: a suggestion that carries its reason."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class NextStep:
    """One thing to try.

    Args:
        rule: name of the rule that says so.
        what: what to do, without a full stop.
        why: the figures that it follows from, without a full stop.
        command: how; empty where there is no single one.
    """

    rule: str
    what: str
    why: str
    command: str = ""
