"""The exceptions of the whole project, told apart by what whoever catches them does next.

| exception | who catches it, and what it does |
| --- | --- |
| `UsageError` | the command line prints it and exits 2: the person must ask for something else |
| `UnavailableError` | the command line prints it and exits 1: this machine lacks something |
| `InfeasibleTrial` | the engine tells the study PRUNED without values: never try this again |
| `Diverged` | the engine tells the study PRUNED without values: it stopped where it stood |
| `TrialFailed` | the engine tells the study FAIL with the reason, and the search goes on |

Anything else that a trial raises is a bug in it: FAIL, with the traceback in the trial's folder.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class OrchestratorError(Exception):
    """Base of all errors written for people; `str()` of one is fit to be shown as it is."""


class UsageError(OrchestratorError):
    """A request that breaks a rule: states the rule, then the value, then what to do next.

    Args:
        rule: the rule that was broken, as a sentence.
        got: the value that broke it, if there is one.
        hint: what to do next, as a sentence.
    """

    def __init__(self, rule: str, *, got: object = None, hint: str = "") -> None:
        parts = [rule if got is None else f"{rule} Got: {got!r}."]
        if hint:
            parts.append(hint)
        super().__init__(" ".join(parts))


class UnknownNameError(UsageError):
    """A name that a registry does not hold; lists the valid names and the nearest one."""

    def __init__(self, kind: str, name: str, known: Iterable[str], *, hint: str = "") -> None:
        names = sorted(known)
        nearest = difflib.get_close_matches(name, names, n=1, cutoff=0.4)
        suggestion = f"Did you mean {nearest[0]!r}?" if nearest else ""
        super().__init__(
            f"There is no {kind} {name!r}; there are: {', '.join(names) or 'none'}.",
            hint=" ".join(part for part in (suggestion, hint) if part),
        )


class UnavailableError(OrchestratorError):
    """Something needed cannot be had on this machine; lists every route that was tried.

    Args:
        what: what was wanted, as the subject of a sentence (`"CIFAR-10"`).
        tried: pairs of (route, why it failed), in the order of the attempts.
        hint: what to do next, as a sentence.
    """

    def __init__(self, what: str, tried: Iterable[tuple[str, str]] = (), *, hint: str = "") -> None:
        self.what = what
        self.tried = tuple(tried)
        routes = "".join(f"\n  - {route}: {reason}" for route, reason in self.tried)
        heading = f"{what} cannot be had here" + (". Tried:" if routes else ".")
        super().__init__(heading + routes + (f"\n{hint}" if hint else ""))


class InfeasibleTrial(OrchestratorError):
    """A configuration that cannot work (too large for memory, input too small for the net)."""


class TrialFailed(OrchestratorError):
    """A trial that went wrong for a reason we know (features that overflow, a file gone)."""


class Diverged(TrialFailed):
    """A figure that is not finite; says which, in which epoch, and at which step if it is known."""
