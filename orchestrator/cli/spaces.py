"""`orchestrator spaces`: the search spaces there are, or one of them in full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestrator.cli.answer import print_json
from orchestrator.cli.options import Json

if TYPE_CHECKING:
    from search_spaces.exploring import Parameter
    from search_spaces.space import Space, SpaceContext

Name = Annotated[
    str | None,
    typer.Argument(metavar="NAME", help="Show this one in full: a name, or my_space.py."),
]


def spaces(name: Name = None, as_json: Json = False) -> None:
    """List the search spaces; with NAME, its parameters, ranges, baselines and objectives."""
    from search_spaces.finding import SPACES, find_space

    if name is not None:
        answer = describe(find_space(name))
    else:
        found = [find_space(each) for each in SPACES]
        answer = {"spaces": [{"name": each.name, "question": each.question} for each in found]}
    if as_json:
        print_json(answer)
        return
    from orchestrator.views.listings import print_space, print_spaces

    if name is not None:
        print_space(answer)
    else:
        print_spaces(answer["spaces"])


def describe(space: Space) -> dict[str, Any]:
    """A space in full, in the keys of `docs/json.md`, over every backbone and input size."""
    from search_spaces.exploring import parameters

    context = _widest_context()
    return {
        "name": space.name,
        "version": space.version,
        "question": space.question,
        "objectives": [
            {"metric": each.metric, "direction": each.direction} for each in space.objectives
        ],
        "parameters": [_parameter(each) for each in parameters(space, context).values()],
        "baselines": [dict(baseline) for baseline in space.baselines(context)],
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    number = parameter.choices is None
    return {
        "name": parameter.name,
        "range": parameter.range,
        "choices": None if number else list(parameter.choices or ()),
        "low": parameter.low if number else None,
        "high": parameter.high if number else None,
        "log": parameter.log,
        "integer": parameter.integer,
        "conditional": parameter.conditional,
    }


def _widest_context() -> SpaceContext:
    """Every backbone with weights and every sensible size; a study narrows this to what it can."""
    from orchestrator.settings import make_config
    from search_spaces.space import SpaceContext
    from trainables.backbones import get_backbone, pretrained_backbones

    found = [get_backbone(name) for name in pretrained_backbones()]
    return SpaceContext(
        backbones=tuple(backbone.name for backbone in found),
        input_sizes=tuple(sorted({size for backbone in found for size in backbone.sizes})),
        train_size=1000,
        defaults=make_config({}).model_dump(),
    )
