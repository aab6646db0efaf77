"""A trial's figures in the report's words: values with their units and 95 % intervals."""

from __future__ import annotations

from orchestrator.results import TrialResult
from orchestrator.study.spec import StudySpec
from orchestrator.views.numbers import NOTHING, metric, percent
from orchestrator.views.shares import Share, share_of


def cell(trial: TrialResult, name: str, spec: StudySpec) -> str:
    """For a table whose caption says the unit: `84.8 (83.9-85.6)`, `5m12s`, `0.0031`."""
    share = share_of(trial, name, spec)
    return metric(name, share.value) if share.low is None else str(share)


def said(trial: TrialResult, name: str, spec: StudySpec) -> str:
    """For a sentence: `84.8 % (95 %: 83.9 to 85.6)`, `5m12s`, `0.0031`."""
    share = share_of(trial, name, spec)
    if share.low is not None:
        return interval_said(share.value, share.low, share.high)
    return in_unit(name, share.value)


def in_unit(name: str, value: float | None) -> str:
    """A metric with its unit, told by its public name: `84.8 %`, `5m12s`, `0.0031`."""
    written = metric(name, value)
    is_share = metric(name, 0.5) == percent(0.5) and written != NOTHING
    return f"{written} %" if is_share else written


def interval_said(value: float | None, low: float | None, high: float | None) -> str:
    """`84.8 % (95 %: 83.9 to 85.6)`."""
    if NOTHING in (bounds := (percent(low), percent(high))):
        return f"{percent(value)} %"
    return f"{percent(value)} % (95 %: {bounds[0]} to {bounds[1]})"


def overlap(one: Share, other: Share) -> bool | None:
    """Whether two intervals do; None where there is none. Then two cannot be told apart here."""
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return None
    return one.low <= other.high and other.low <= one.high
