"""What a check finds, and what all of them found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Level = Literal["fine", "note", "stop"]
Fact = str | int | float | bool | None


@dataclass(frozen=True)
class Finding:
    """One line.

    Args:
        subject: what it is about, in a word or two.
        level: `fine`; `note`, worth knowing, though a search runs; `stop`, a search would not run.
        says: what there is, in words; passwords are masked in it.
        do: the command that mends it, or what to do in words; "" where there is nothing to do.
        facts: the figures behind the words.
    """

    subject: str
    level: Level
    says: str
    do: str = ""
    facts: Mapping[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True)
class Examined:
    """What one check found, and the seconds it took."""

    check: str
    findings: tuple[Finding, ...]
    seconds: float


@dataclass(frozen=True)
class Examination:
    """What all checks found, in their order."""

    checks: tuple[Examined, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All lines."""
        return tuple(finding for each in self.checks for finding in each.findings)

    @property
    def stopping(self) -> tuple[Finding, ...]:
        """What would stop a search."""
        return tuple(finding for finding in self.findings if finding.level == "stop")

    def to_json(self) -> dict[str, Any]:
        """The keys of `docs/json.md`."""
        return {
            "ready": not self.stopping,
            "seconds": sum(each.seconds for each in self.checks),
            "findings": [
                {
                    "check": each.check,
                    "subject": finding.subject,
                    "level": finding.level,
                    "says": finding.says,
                    "do": finding.do,
                    "facts": dict(finding.facts),
                }
                for each in self.checks
                for finding in each.findings
            ],
        }


def fine(subject: str, says: str, **facts: Fact) -> Finding:
    """Nothing to do."""
    return Finding(subject, "fine", says, facts=facts)


def note(subject: str, says: str, do: str = "", **facts: Fact) -> Finding:
    """Worth knowing; a search runs all the same."""
    return Finding(subject, "note", says, do, facts)


def stop(subject: str, says: str, do: str, **facts: Fact) -> Finding:
    """A search would not run, or would be lost, before `do` is done."""
    return Finding(subject, "stop", says, do, facts)
