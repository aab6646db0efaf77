"""A trial's figures in the report's words: values with their units and 95 % intervals."""

from __future__ import annotations

from orchestrator.results import TrialResult
from orchestrator.study.spec import StudySpec
from orchestrator.views.numbers import NOTHING, metric, percent
from orchestrator.views.ranked_rows import Share

_ON_VALIDATION = ("val_acc",)
_ON_ATTACKED = ("robust_acc", "robust_score", "fgsm_acc")


def share_of(trial: TrialResult, name: str, spec: StudySpec) -> Share:
    """A metric with Wilson's 95 % interval, where it is a share of images."""
    from trainables.evaluation.intervals import wilson_interval

    value, images = trial.metrics.get(name), _images(trial, name, spec)
    if value is None or images < 1 or not 0 <= value <= 1:
        return Share(value)
    return Share(value, *wilson_interval(round(value * images), images))


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


def _images(trial: TrialResult, name: str, spec: StudySpec) -> int:
    """Images that a share was measured on; 0 for what is no share of images."""
    if not spec.has_images:
        return 0
    if name in _ON_VALIDATION:
        return spec.split.val
    if name in _ON_ATTACKED or "_acc_eps_" in name:
        return int(trial.metrics.get("robust_n", spec.split.robust))
    return 0
