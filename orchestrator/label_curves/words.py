"""Label curves in words: sentences for people, each with its interval."""

from __future__ import annotations

import math
from collections.abc import Sequence

from orchestrator.label_curves.answers import Needed, Saving, savings, usual_needs
from orchestrator.label_curves.curve import LabelCurve
from orchestrator.views.numbers import count, percent


def label_sentences(curves: Sequence[LabelCurve]) -> tuple[str, ...]:
    """The answers, most asked for first; then what they rest on."""
    return (*label_answers(curves), *checks_said(curves))


def label_answers(curves: Sequence[LabelCurve]) -> tuple[str, ...]:
    """How many labels it takes, and which strategy saves some."""
    needs = [need_said(each) for curve in curves for each in usual_needs(curve)]
    return (*needs, *(saving_said(each) for each in savings(curves)))


def need_said(need: Needed) -> str:
    """`random: for 90 % you need about 1,900 labels (95 %: 1,500 to 2,600)`."""
    target = f"{need.arm}: for {_whole(need.accuracy)} % you need"
    if need.labels.value < need.first:
        return f"{target} fewer than {count(need.first)} labels."
    if not need.is_told:
        return (
            f"{need.arm}: how many labels {_whole(need.accuracy)} % needs cannot be told: by the "
            f"curve it is not reached with {count(need.farthest)}, as far as it is trusted "
            f"({count(need.most)} were measured)."
        )
    beyond = f"; extrapolated, {count(need.most)} were measured" if need.is_extrapolated else ""
    return f"{target} about {_rounded(need.labels.value)} labels ({_between(need)}{beyond})."


def saving_said(saving: Saving) -> str:
    """`margin saves 31 % of the labels against random at 84 % (95 %: 22 to 38)`."""
    share, at = saving.share, f"at {_whole(saving.accuracy)} %"
    if not saving.is_told:
        return (
            f"Between {saving.arm} and {saving.against} nothing can be said {at}: "
            f"{saving.arm} saves {_share(share.value)} % of the labels"
            f" (95 %: {_share(share.low)} to {_share(share.high)})."
        )
    if share.value >= 0:
        bounds = f"{_share(share.low)} to {_share(share.high)}"
        how = f"saves {_share(share.value)} % of the labels"
    else:
        bounds = f"{_more(share.high)} to {_more(share.low)}"
        how = f"takes {_more(share.value)} % more labels"
    return f"{saving.arm} {how} against {saving.against} {at} (95 %: {bounds})."


def law_said(curve: LabelCurve) -> str:
    """`error = 0.081 + 0.83 n^-0.42`, or why there is none."""
    if curve.laws is None or not curve.is_trusted:
        return f"no law: {curve.why_not}"
    laws = curve.laws
    floor, scale, power = (float(x[0]) for x in (laws.floor_R, laws.scale_R, laws.exponent_R))
    start = f" from {count(curve.first)} labels on" if curve.start else ""
    return f"error = {floor:.3f} + {scale:.2f} n^-{power:.2f}{start}"


def checks_said(curves: Sequence[LabelCurve]) -> tuple[str, ...]:
    """What the laws foretold of the largest sizes, and what is not said for lack of a law."""
    lines = []
    for curve in curves:
        if not curve.is_trusted:
            lines.append(f"{curve.name}: nothing is foretold, since {curve.why_not}.")
        else:
            foretold = " and ".join(percent(each.foretold) for each in curve.checks)
            measured = " and ".join(percent(each.measured) for each in curve.checks)
            sizes = " and ".join(count(each.size) for each in curve.checks)
            lines.append(
                f"{curve.name}: fitted to fewer labels, the curve foretold {foretold} % with "
                f"{sizes}; {measured} % were measured.{_from(curve)}"
            )
    return tuple(lines)


def _from(curve: LabelCurve) -> str:
    return f" It holds from {count(curve.first)} labels on." if curve.start else ""


def _between(need: Needed) -> str:
    low, high = need.labels.low, need.labels.high
    if low is None or high is None:
        return "no interval: one split"
    if high > need.farthest:
        return f"95 %: {_rounded(low)} or more, no upper bound can be told"
    return f"95 %: {_rounded(low)} to {_rounded(high)}"


def _rounded(labels: float) -> str:
    """Two digits: a curve knows no more."""
    if labels < 1:
        return "1"
    digits = max(0, math.floor(math.log10(labels)) - 1)
    return count(round(labels / 10**digits) * 10**digits)


def _whole(share: float) -> str:
    return f"{100 * share:.0f}"


def _share(share: float | None) -> str:
    """In whole per cents; a strategy that never gets there takes more than any number."""
    if share is None:
        return "-"
    return f"{100 * share:.0f}" if math.isfinite(share) else "no limit"


def _more(share: float | None) -> str:
    """Of labels that are not saved."""
    return _share(None if share is None else -share)
