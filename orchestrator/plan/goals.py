"""What a search is after, as people type it: objectives, conditions and points to try.

val_acc,-train_seconds      two objectives; `-` is "less is better", `+` "more is better"
robust_acc>=0.3             a constraint or a target
lr=1e-3,dropout=0.2         a point to try first
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, cast

from orchestrator.settings import read_value
from orchestrator.study.spec import ConditionSpec, ObjectiveSpec
from search_spaces.errors import UnknownNameError, UsageError
from trainables.corruptions import CORRUPTIONS

FINAL_ONLY = (
    "fgsm_acc",
    "pgd10_acc",
    "second_acc",
    "robust_acc",
    "robust_score",
    "corruption_acc",
    "train_seconds",
    "extract_seconds",
    "attack_seconds",
    "attack_passes",
    "corruption_seconds",
    "corruption_passes",
)
"""Figures of our own trials that come with the final report."""

BY_EPOCH = ("val_acc", "val_loss", "train_acc", "train_loss")
"""Figures of our own trials that come with each epoch, and with the final report."""

_LESS_IS_BETTER = re.compile(r"(^|_)(loss|error|seconds|passes|params|bytes)$")
_BY_EPSILON = re.compile(r"\w+_acc(_eps_[0-9.]+)?")
_NAME = re.compile(r"[A-Za-z_][\w.-]*")
_CONDITION = re.compile(r"\s*([A-Za-z_][\w.-]*?)\s*(>=|<=)\s*([^<>=]+?)\s*")


def parse_objectives(text: str, *, ours: bool) -> tuple[ObjectiveSpec, ...]:
    """`val_acc,-train_seconds` as metrics and directions; best first.

    Without a sign a loss, an error and anything in seconds is minimised, all else maximised.

    Raises:
        UsageError: no metric, one twice, or (for our own trials) one that they do not give.
    """
    found = [_objective(part.strip(), ours) for part in text.split(",") if part.strip()]
    names = [objective.metric for objective in found]
    if not found or len(set(names)) < len(names):
        rule = "--objective takes one or more different metrics with commas between them."
        raise UsageError(rule, got=text, hint="Example: --objective val_acc,robust_score")
    return tuple(found)


def parse_condition(text: str, *, option: str, ours: bool) -> ConditionSpec:
    """`robust_acc>=0.3`.

    Raises:
        UsageError: not of that form, or a metric that our own trials do not give.
    """
    match = _CONDITION.fullmatch(text)
    bound = read_value(match[3]) if match else None
    if match is None or isinstance(bound, bool) or not isinstance(bound, int | float):
        rule = f"{option} takes METRIC>=BOUND or METRIC<=BOUND."
        raise UsageError(rule, got=text, hint=f"Example: {option} 'robust_acc>=0.3'")
    check_metric(match[1], ours=ours)
    if ours and _is_share(match[1]) and not 0 <= bound <= 1:
        hint = f"Did you mean {bound / 100:g}?" if 1 < bound <= 100 else ""
        raise UsageError(f"{match[1]} is a share between 0 and 1.", got=bound, hint=hint)
    return ConditionSpec(metric=match[1], op=cast(Any, match[2]), bound=float(bound))


def parse_point(text: str) -> dict[str, Any]:
    """`lr=1e-3,dropout=0.2` as parameters.

    Raises:
        UsageError: a part without `=`, or a parameter twice.
    """
    point: dict[str, Any] = {}
    for part in text.split(","):
        name, equals, value = part.partition("=")
        if not equals or not name.strip() or name.strip() in point:
            rule = "--try takes PARAMETER=VALUE, each once, with commas between them."
            raise UsageError(rule, got=text, hint="Example: --try 'lr=1e-3,dropout=0.2'")
        point[name.strip()] = read_value(value.strip())
    return point


def check_metric(name: str, *, ours: bool) -> None:
    """Raise UnknownNameError for a metric that our own trials do not give."""
    known = (*BY_EPOCH, *FINAL_ONLY, *(f"corruption_acc_{each}" for each in CORRUPTIONS))
    if ours and name not in known and not _BY_EPSILON.fullmatch(name):
        raise UnknownNameError("metric", name, known)


def choose_gate(
    asked: str | None, objectives: Iterable[ObjectiveSpec], *, ours: bool
) -> ObjectiveSpec:
    """The metric that early stopping looks at: the one asked for, else the one objective.

    Raises:
        UsageError: there are several objectives, or the one there is comes too late to gate by.
    """
    if asked is not None:
        gate = _objective(asked.strip(), ours)
        if ours and gate.metric not in BY_EPOCH:
            rule = f"--gate takes a metric that every epoch gives: {', '.join(BY_EPOCH)}."
            raise UsageError(rule, got=asked)
        return gate
    aims = tuple(objectives)
    if len(aims) == 1 and (not ours or aims[0].metric in BY_EPOCH):
        return aims[0]
    names = ",".join(objective.metric for objective in aims)
    raise UsageError(
        "Stopping early looks at one metric that every epoch gives.",
        got=names,
        hint="Declare it: --gate val_acc; or do without: --pruner none.",
    )


def _objective(text: str, ours: bool) -> ObjectiveSpec:
    sign, name = (text[0], text[1:]) if text[:1] in "+-" else ("", text)
    if not _NAME.fullmatch(name):
        raise UsageError("An objective is the name of a metric.", got=text)
    check_metric(name, ours=ours)
    less = sign == "-" or (not sign and bool(_LESS_IS_BETTER.search(name)))
    return ObjectiveSpec(metric=name, direction="minimize" if less else "maximize")


def _is_share(name: str) -> bool:
    return name.endswith(("_acc", "_score")) or "_acc_" in name
