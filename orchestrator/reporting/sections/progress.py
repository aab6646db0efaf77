"""How the search came to its best: value against trials and against time."""

from __future__ import annotations

from orchestrator.reporting.blocks import Section, paragraph
from orchestrator.reporting.material import Material
from orchestrator.reporting.study_picture import study_figure
from orchestrator.reporting.trial_figures import said
from orchestrator.views.numbers import count

_LEAST = 2  # trials below which there is no progress to be seen


def progress_section(material: Material) -> Section:
    """Left out where one trial is all there is."""
    from orchestrator.pictures.history import draw_history
    from orchestrator.pictures.history_time import draw_history_time

    best = material.best
    if len(material.ranked) < _LEAST or best is None or material.spec.comparison is not None:
        return Section("progress", "")
    place = 1 + sum(t.counts and t.number < best.number for t in material.trials)
    value = said(best, material.metric, material.spec)
    words = (
        f"The best of {count(material.done)} trials, {value}, was number {count(place)} of them."
    )
    by_trial = "Each trial at its number, and the best so far."
    by_time = "The same against the time that was searched, without breaks."
    return Section(
        "progress",
        "How the search came to its best",
        (
            paragraph(words),
            *study_figure(draw_history, material, by_trial, f"{by_trial} {words}"),
            *study_figure(draw_history_time, material, by_time, f"{by_time} {words}"),
        ),
    )
