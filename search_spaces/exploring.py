"""Finds out a define-by-run space's parameters, and whether a point is one of its own."""

from __future__ import annotations

from dataclasses import replace

from search_spaces.branches import branches
from search_spaces.errors import UsageError
from search_spaces.parameter import Parameter, field_of
from search_spaces.space import Params, Space, SpaceContext

__all__ = ["Parameter", "check_fixed", "check_params", "check_point", "parameters"]


def parameters(space: Space, context: SpaceContext) -> dict[str, Parameter]:
    """Every parameter of `space` in this context, in the order of its first use.

    Raises:
        UsageError: a range is upside down, empty, or given twice in different ways.
    """
    seen: dict[str, Parameter] = {}
    runs = [set(branch.met) for branch in branches(space, context, seen=seen)]
    always = set.intersection(*runs)
    return {
        name: parameter if name in always else replace(parameter, conditional=True)
        for name, parameter in seen.items()
    }


def check_point(space: Space, context: SpaceContext, point: Params, fixed: Params) -> None:
    """Check a `--try` point against the space: names, values, and whether they go together.

    Args:
        fixed: names that the space is not asked for, with their values.

    Raises:
        UsageError: as `check_params`, or a parameter that the space does without at this point.
    """
    known = parameters(space, context)
    check_params(known, point)
    if not any(known[name].conditional for name in point):
        return
    chosen = {name: value for name, value in point.items() if known[name].choices is not None}
    alike = [
        set(branch.met)
        for branch in branches(space, context, fixed=fixed)
        if all(branch.met.get(name, value) == value for name, value in chosen.items())
    ]
    missing = min((set(point) - met for met in alike), key=len, default=set())
    for name in point:
        if name in missing:
            rule = f"This space does without {name} at this point."
            raise UsageError(rule, got=dict(point), hint=f"Leave {name} out.")


def check_params(known: dict[str, Parameter], params: Params) -> None:
    """Check a baseline or `--try` point against the space.

    Raises:
        UsageError: a name that the space does not have, or a value outside its range.
    """
    for name, value in params.items():
        if name not in known:
            raise UsageError(f"This space has no parameter {name!r}; it has {', '.join(known)}.")
        if not known[name].contains(value):
            raise UsageError(f"{name} must be {known[name].range} in this space.", got=value)


def check_fixed(known: dict[str, Parameter], fixed: Params) -> None:
    """Check the fields that `--set` fixes, as far as the space searches them.

    Raises:
        UsageError: a value outside the range; where branches have ranges of their own, outside all.
    """
    for name, value in fixed.items():
        ranges = [each for each in known.values() if field_of(each.name) == name]
        if ranges and not any(each.contains(value) for each in ranges):
            allowed = " or ".join(dict.fromkeys(each.range for each in ranges))
            raise UsageError(f"{name} must be {allowed} in this space.", got=value)
