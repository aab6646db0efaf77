"""The command that made a study, as a person would type it, without where it runs."""

from __future__ import annotations

from orchestrator.study.spec import FINALISTS, StudySpec
from search_spaces.references import PREFIX


def made_by(spec: StudySpec, *, repeats: int | None = None) -> str:
    """Such as `orchestrator search onecycle` or `orchestrator compare STUDY --by backbone`.

    Args:
        repeats: of a comparison (default: those that it has).
    """
    held = spec.comparison
    if held is not None:
        name = "" if spec.name == f"{held.source}-by-{held.by}" else f" --name {spec.name}"
        runs = repeats or held.repeats
        if held.by == FINALISTS:
            return f"orchestrator promote {held.source} --repeats {runs}"
        return f"orchestrator compare {held.source} --by {held.by} --repeats {runs}{name}"
    if spec.space.startswith(PREFIX):
        system, _, budget = spec.space.removeprefix(PREFIX).rpartition("_")
        name = "" if spec.name == spec.space else f" --study {spec.name}"
        return f"orchestrator reproduce {system} --budget {budget}{name}"
    return f"orchestrator search {spec.space}"


def goes_on_by(spec: StudySpec, *, done: bool) -> str:
    """What a person types to go on with it; with one that is done, to have more of it."""
    if spec.comparison is not None:
        return made_by(spec, repeats=2 * spec.comparison.repeats if done else None)
    if spec.space.startswith(PREFIX):
        return made_by(spec)
    more = f" --add-trials {spec.trials}" if done else ""
    return f"orchestrator resume {spec.name}{more}"
