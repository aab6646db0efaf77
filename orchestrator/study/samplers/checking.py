"""Whether a sampler can do what a search needs, and what to take instead."""

from __future__ import annotations

import importlib.util

from orchestrator.study.samplers.grid import LARGEST, grid_of, points
from orchestrator.study.samplers.needs import SamplerKind, SamplerNeeds
from search_spaces.errors import UnavailableError, UsageError


def check_sampler(kind: SamplerKind, needs: SamplerNeeds) -> None:
    """Raise unless `kind` can do what is needed.

    Raises:
        UsageError: it cannot; says what, and the nearest that can.
        UnavailableError: its package is not installed; says how to get it.
    """
    _check_objectives(kind, needs)
    _check_parameters(kind, needs)
    if kind.needs_grid:
        _check_grid(kind, needs)
    if kind.package and importlib.util.find_spec(kind.package) is None:
        raise UnavailableError(
            f"The sampler {kind.name}",
            [(f"import {kind.package}", "the package is not installed")],
            hint=f"pip install {kind.package}, or take --sampler {kind.instead}.",
        )


def _check_objectives(kind: SamplerKind, needs: SamplerNeeds) -> None:
    fewest, most = kind.objectives
    hint = f"The nearest that does is --sampler {kind.instead}."
    if most is not None and needs.objectives > most:
        rule = f"The sampler {kind.name} takes {_count(most, 'objective')}."
        raise UsageError(rule, got=needs.objectives, hint=hint)
    if needs.objectives < fewest:
        rule = f"The sampler {kind.name} takes {_count(fewest, 'objective')} or more."
        raise UsageError(rule, got=needs.objectives, hint=hint)
    if needs.constrained and not kind.constraints:
        rule = f"The sampler {kind.name} would search as if there were no --constraint."
        raise UsageError(rule, hint=hint)


def _check_parameters(kind: SamplerKind, needs: SamplerNeeds) -> None:
    """One that learns about numbers only must find one to learn about."""
    known = needs.parameters
    if known and not kind.categorical and all(each.choices for each in known.values()):
        raise UsageError(
            f"The sampler {kind.name} searches numbers, and this space has choices only.",
            got=", ".join(known),
            hint=f"The nearest that searches choices is --sampler {kind.instead}.",
        )


def _check_grid(kind: SamplerKind, needs: SamplerNeeds) -> None:
    if not needs.grid:
        raise UsageError(
            f"The sampler {kind.name} needs a space that declares the values to try.",
            hint=f"Give the space grid=..., or take --sampler {kind.instead}.",
        )
    grid = grid_of(needs)
    missing = [name for name in needs.parameters if name not in grid]
    if missing:
        rule = "A grid must hold values of every parameter of its space."
        raise UsageError(rule, got=f"none of {', '.join(missing)}")
    for name, values in grid.items():
        if not values:
            raise UsageError("A grid must hold a value at least of each parameter.", got=name)
        known = needs.parameters.get(name)
        outside = [value for value in values if known and not known.contains(value)]
        if known and outside:
            raise UsageError(f"The grid's {name} must be {known.range} in this space.", got=outside)
    if points(needs) > LARGEST:
        rule = f"A grid must have at most {LARGEST:,} points."
        raise UsageError(rule, got=f"{points(needs):,}", hint=f"Try --sampler {kind.instead}.")


def _count(number: int, noun: str) -> str:
    words = {1: "one", 2: "two", 3: "three"}
    return f"{words.get(number, str(number))} {noun}{'' if number == 1 else 's'}"
