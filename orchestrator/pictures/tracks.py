"""What `history` and `history_time` share: how a best so far becomes a picture."""

from __future__ import annotations

from orchestrator.pictures.best_so_far import Place, best_so_far
from orchestrator.pictures.interactive import fragment
from orchestrator.pictures.marks import marks
from orchestrator.pictures.picture import Picture
from orchestrator.pictures.tracks_html import interactive_tracks
from orchestrator.pictures.tracks_png import static_tracks
from orchestrator.pictures.view import StudyView
from trainables.pictures.style import png


def draw_tracks(
    view: StudyView,
    x: Place,
    *,
    name: str,
    title: str,
    axis: str,
    span: tuple[float, float],
    whole: bool = False,
) -> Picture | None:
    """The picture; None where fewer than two trials have a value, or none has finished.

    Args:
        x: where a trial lies.
        axis: what `x` is, in words.
        span: from where to where the axis goes.
        whole: whether there is nothing between two whole numbers on it.
    """
    tracks = best_so_far(view, x)
    if not view.scored or len(tracks[0].points) < 2:
        return None
    styles = marks(view)
    static = static_tracks(tracks, styles, title=title, axis=axis, span=span, whole=whole)
    moving = interactive_tracks(tracks, styles, axis=axis, span=span, whole=whole)
    return Picture(name, title, png(static), fragment(moving, name))
