"""The Pareto front of a search with several objectives."""

from __future__ import annotations

from orchestrator.reporting.blocks import Block, Section, Table, aside, cells, paragraph
from orchestrator.reporting.material import Material
from orchestrator.reporting.study_picture import study_figure
from orchestrator.reporting.trial_figures import cell
from orchestrator.results import TrialResult
from orchestrator.study.pareto import gain, scored
from orchestrator.views.numbers import count

_MOST = 30


def front_section(material: Material) -> Section:
    """Left out with one objective."""
    from orchestrator.pictures.front_images import draw_front_images
    from orchestrator.pictures.pareto import draw_pareto

    spec = material.spec
    if len(spec.objectives) < 2:
        return Section("front", "")
    title = "Pareto front"
    trials = front_trials(material)
    if not trials:
        why = "No trial has finished with a value of every objective"
        why += " that holds all constraints." if spec.constraints else "."
        return Section("front", title, (paragraph(why),))
    of = len(scored(material.trials, spec))
    words = (
        f"{count(len(trials))} of {count(of)} finished trials: no other is as good in every "
        "objective and better in one."
    )
    blocks: list[Block] = [paragraph(words), _table(material, trials[:_MOST])]
    if len(trials) > _MOST:
        blocks.append(aside(f"The first {_MOST} of them are shown."))
    alt = f"{count(len(trials))} trials on the front: {_ends(material, trials)}."
    caption = "The front, and the trials that it was chosen from; numbers are those of trials."
    blocks += study_figure(draw_pareto, material, caption, alt)
    seen = "Images that models of the front had right, before and after the attack on each model."
    told = f"{seen} A row a model, best by {spec.objectives[0].metric} first."
    blocks += study_figure(draw_front_images, material, seen, told)
    return Section("front", title, tuple(blocks))


def front_trials(material: Material) -> tuple[TrialResult, ...]:
    """Those on the front, best by the first objective first."""
    spec = material.spec
    return tuple(
        sorted(
            material.result.front,
            key=lambda trial: (*(-value for value in gain(trial, spec)), trial.number),
        )
    )


def _table(material: Material, trials: tuple[TrialResult, ...]) -> Table:
    spec = material.spec
    arrows = {"maximize": "↑", "minimize": "↓"}
    headings = [f"{each.metric} {arrows[each.direction]}" for each in spec.objectives]
    rows = [
        cells(
            str(trial.number),
            trial.label + (f" (from {trial.of})" if trial.origin == "warm_start" else ""),
            *(cell(trial, objective.metric, spec) for objective in spec.objectives),
        )
        for trial in trials
    ]
    caption = "Trials that none of the others beats; shares in per cent"
    return Table(caption, ("#", "trial", *headings), tuple(rows), frozenset({1}))


def _ends(material: Material, trials: tuple[TrialResult, ...]) -> str:
    spec = material.spec
    parts = []
    for place, objective in enumerate(spec.objectives):
        best = max(trials, key=lambda trial: gain(trial, spec)[place])
        value = cell(best, objective.metric, spec)
        parts.append(f"best {objective.metric} {value} (trial {best.number})")
    return ", ".join(parts)
