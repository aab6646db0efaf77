"""Pruners by name: which trials to stop early. Importing this imports no Optuna.

To add one: a `PrunerKind` in a file of its own, and a line here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.study.pruners.kind import PrunerKind, PrunerNeeds, StatedPruner
from orchestrator.study.spec import PrunerSpec
from search_spaces.errors import UsageError
from search_spaces.options import Option
from search_spaces.registry import Registry

if TYPE_CHECKING:
    from optuna.pruners import BasePruner

PRUNERS: Registry[PrunerKind] = Registry(
    "pruner",
    {
        "median": "orchestrator.study.pruners.median:MEDIAN",
        "asha": "orchestrator.study.pruners.asha:ASHA",
        "hyperband": "orchestrator.study.pruners.hyperband:HYPERBAND",
        "patient": "orchestrator.study.pruners.patient:PATIENT",
        "none": "orchestrator.study.pruners.none:NONE",
    },
    group="orchestrator.pruners",
)


def parse_pruner(text: str) -> PrunerSpec:
    """`asha` or `asha:first_rung=2,reduction=4`, with every option resolved.

    Raises:
        UsageError: an unknown name or option, or a value out of range; names the nearest.
    """
    from orchestrator.study.pruners.parsing import read_options

    name, _, options = text.partition(":")
    return read_options(PRUNERS.get(name.strip()), options)


def make_pruner(spec: PrunerSpec, *, direction: str, most_steps: int | None) -> BasePruner:
    """The pruner that `spec` names.

    Args:
        direction: of the gate metric, `maximize` or `minimize`.
        most_steps: steps of a whole trial, where they are known: it stops none at its last one,
            when there is nothing left to save.
    """
    kind = PRUNERS.get(spec.name)
    return kind.make(PrunerNeeds(_options(kind, spec), direction, most_steps))


def rungs(spec: PrunerSpec, most: int) -> tuple[int, ...]:
    """Steps at which it may stop a trial of `most` steps, ascending, all below `most`.

    Raises:
        UsageError: it compares trials at any step, so that it has no rungs for whole short runs.
    """
    kind = PRUNERS.get(spec.name)
    if kind.rungs is None:
        able = [name for name in PRUNERS if PRUNERS.get(name).rungs and name != "none"]
        raise UsageError(
            "Whole short runs need a pruner with rungs.",
            got=spec.name,
            hint=f"These have: {', '.join(able)}.",
        )
    return kind.rungs(_options(kind, spec), most)


def _options(kind: PrunerKind, spec: PrunerSpec) -> dict[str, float]:
    return {**{option.name: option.default for option in kind.options}, **spec.options}


__all__ = [
    "PRUNERS",
    "Option",
    "PrunerKind",
    "PrunerNeeds",
    "PrunerSpec",
    "StatedPruner",
    "make_pruner",
    "parse_pruner",
    "rungs",
]
