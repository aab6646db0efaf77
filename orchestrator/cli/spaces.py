"""`orchestrator spaces`: the search spaces there are, or one of them in full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestrator.cli.answer import print_json
from orchestrator.cli.options import Json

if TYPE_CHECKING:
    from search_spaces.exploring import Parameter
    from search_spaces.space import Space, SpaceContext

_SMALL_IMAGES = 32  # px; as most of our data sets are stored

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

    context = _widest_context(space)
    return {
        "name": space.name,
        "version": space.version,
        "question": space.question,
        "objectives": [
            {"metric": each.metric, "direction": each.direction} for each in space.objectives
        ],
        "parameters": [_parameter(each) for each in parameters(space, context).values()],
        "fixed": dict(space.fixed),
        "defaults": dict(space.defaults),
        "backbones": list(space.backbones),
        "sampler": space.sampler,
        "grid": _grid(space, context),
        "fidelity": space.fidelity,
        "trials": _trials(space, context),
        "baselines": [dict(baseline) for baseline in space.baselines(context)],
    }


def _grid(space: Space, context: SpaceContext) -> dict[str, list[Any]]:
    grid = space.grid(context) if space.grid is not None else {}
    return {name: list(values) for name, values in grid.items()}


def _trials(space: Space, context: SpaceContext) -> int:
    from orchestrator.plan.searching import default_trials

    return default_trials(space, context, {})


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


def _widest_context(space: Space) -> SpaceContext:
    """Its own backbones, or all with weights, at every size; a study narrows this down."""
    from orchestrator.plan.sizing import common_sizes
    from orchestrator.settings import make_config
    from search_spaces.space import SpaceContext
    from trainables.backbones import get_backbone, pretrained_backbones
    from trainables.splits import DEFAULT_TRAIN

    config = make_config({**space.defaults, **space.fixed})
    alone = () if space.compares_backbones else (config.backbone,)
    found = [get_backbone(name) for name in alone or space.backbones or pretrained_backbones()]
    own = {each.name: each.natural_size for each in found if not each.pretrained}
    others = [each.name for each in found if each.pretrained]
    sizes = common_sizes(others) if others else ()
    smallest = (_SMALL_IMAGES,) if space.compares_sizes else ()
    return SpaceContext(
        backbones=tuple(backbone.name for backbone in found),
        input_sizes=(*smallest, *sizes),
        train_size=config.train_size or DEFAULT_TRAIN,
        defaults=config.model_dump(),
        own_sizes=own,
    )
