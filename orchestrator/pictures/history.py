"""Best value against trials."""

from __future__ import annotations

from orchestrator.pictures.picture import Picture
from orchestrator.pictures.tracks import draw_tracks
from orchestrator.pictures.view import StudyView


def draw_history(view: StudyView) -> Picture | None:
    """Each trial at its number, so that it can be looked up in the table."""
    metrics = ", ".join(objective.metric for objective in view.spec.objectives)
    return draw_tracks(
        view,
        lambda trial: float(trial.number),
        name="history",
        title=f"Best {metrics} by trial",
        axis="number of the trial",
        span=(0.0, float(max((trial.number for trial in view.trials), default=0))),
        whole=True,
    )
