"""Best value against time."""

from __future__ import annotations

from orchestrator.pictures.picture import Picture
from orchestrator.pictures.scales import time_unit
from orchestrator.pictures.tracks import draw_tracks
from orchestrator.pictures.view import StudyView
from orchestrator.study.facts import TrialFacts


def draw_history_time(view: StudyView) -> Picture | None:
    """Each trial at its end, on the wall clock of the search without the breaks in it.

    What a warm start brought was known before the search began. None where no time has passed.
    """
    time = view.time
    if time.seconds <= 0:
        return None
    unit = time_unit(time.seconds)

    def place(trial: TrialFacts) -> float:
        return time.at(trial.ended or 0.0) / unit.seconds

    metrics = ", ".join(objective.metric for objective in view.spec.objectives)
    breaks = len(time.breaks)
    left_out = f", {breaks} break{'s' if breaks > 1 else ''} left out" if breaks else ""
    return draw_tracks(
        view,
        lambda trial: 0.0 if trial.origin == "warm_start" else place(trial),
        name="history_time",
        title=f"Best {metrics} by time",
        axis=f"{unit.name} of searching since the first trial began{left_out}",
        span=(0.0, time.seconds / unit.seconds),
    )
