"""`asha:first_rung=2,reduction=4`: a pruner and its options, as people type them."""

from __future__ import annotations

import math

from orchestrator.study.pruners.kind import Option, PrunerKind
from orchestrator.study.spec import PrunerSpec
from search_spaces.errors import UnknownNameError, UsageError


def read_options(kind: PrunerKind, text: str) -> PrunerSpec:
    """The pruner with the options in `text` (`first_rung=2,reduction=4`), the others by default.

    Raises:
        UsageError: an option it does not have, one twice, or a value out of range.
    """
    known = {option.name: option for option in kind.options}
    given: dict[str, float] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals:
            rule = f"An option of {kind.name} is written NAME=VALUE."
            raise UsageError(rule, got=part, hint=f"It has {_listed(kind)}.")
        if name not in known:
            raise UnknownNameError(f"option of the pruner {kind.name}", name, known)
        if name in given:
            raise UsageError(f"{name} must be given once.", got=text)
        given[name] = read_option(known[name], value)
    return PrunerSpec(
        name=kind.name,
        options={option.name: given.get(option.name, option.default) for option in kind.options},
    )


def read_option(option: Option, text: str) -> float:
    """One option's value.

    Raises:
        UsageError: no number, or out of range; names the nearest valid one.
    """
    rule = f"{option.name} must be {option.range}."
    try:
        value = float(text)
    except ValueError:
        raise UsageError(rule, got=text, hint=f"It is {option.default:g} by default.") from None
    nearest = _nearest(option, value)
    if value != nearest:
        raise UsageError(rule, got=text, hint=f"The nearest valid value is {nearest:g}.")
    return value


def _nearest(option: Option, value: float) -> float:
    if math.isnan(value):
        return option.default
    high = math.inf if option.high is None else option.high
    nearest = min(max(value, option.low), high)
    if math.isinf(nearest):
        return option.default
    return float(round(nearest)) if option.whole else nearest


def _listed(kind: PrunerKind) -> str:
    return ", ".join(f"{each.name}={each.default:g}" for each in kind.options) or "no options"
