"""Samplers by name: what to try next. Importing this imports no Optuna.

To add one: a `SamplerKind` in a file of its own, and a line here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.study.samplers.needs import SamplerKind, SamplerNeeds
from search_spaces.registry import Registry

if TYPE_CHECKING:
    import optuna

    from orchestrator.study.samplers.seeded import SeededSampler

SAMPLERS: Registry[SamplerKind] = Registry(
    "sampler",
    {
        "auto": "orchestrator.study.samplers.auto:AUTO",
        "tpe": "orchestrator.study.samplers.tpe:TPE",
        "gp": "orchestrator.study.samplers.gp:GP",
        "cmaes": "orchestrator.study.samplers.cmaes:CMAES",
        "nsga2": "orchestrator.study.samplers.nsga2:NSGA2",
        "nsga3": "orchestrator.study.samplers.nsga3:NSGA3",
        "random": "orchestrator.study.samplers.random:RANDOM",
        "qmc": "orchestrator.study.samplers.qmc:QMC",
        "grid": "orchestrator.study.samplers.grid:GRID",
    },
    group="orchestrator.samplers",
)


def choose_sampler(name: str, needs: SamplerNeeds) -> str:
    """The sampler called `name`, or the one that `auto` stands for; checked against `needs`.

    Raises:
        UnknownNameError: there is no such sampler.
        UsageError: it cannot do what is needed; says what, and the nearest that can.
        UnavailableError: a package is missing.
    """
    from orchestrator.study.samplers.auto import auto_choice
    from orchestrator.study.samplers.checking import check_sampler

    chosen = auto_choice(needs).name if name == "auto" else name
    check_sampler(SAMPLERS.get(chosen), needs)
    return chosen


def make_sampler(name: str, needs: SamplerNeeds) -> SeededSampler:
    """A sampler whose draws depend on the seed and on the study alone, not on restarts.

    Raises:
        UnknownNameError, UsageError, UnavailableError: as `choose_sampler`.
    """
    from orchestrator.study.samplers.seeded import SeededSampler

    return SeededSampler(SAMPLERS.get(choose_sampler(name, needs)), needs)


def exhausted(study: optuna.Study) -> str | None:
    """Why the study's sampler has nothing new to try, in words; None while it has."""
    from orchestrator.study.samplers.seeded import SeededSampler

    sampler = study.sampler
    return sampler.exhausted(study) if isinstance(sampler, SeededSampler) else None


__all__ = [
    "SAMPLERS",
    "SamplerKind",
    "SamplerNeeds",
    "choose_sampler",
    "exhausted",
    "make_sampler",
]
