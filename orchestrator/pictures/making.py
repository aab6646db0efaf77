"""All pictures of a study, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from orchestrator.pictures.picture import Picture

if TYPE_CHECKING:
    import optuna

    from orchestrator.study.spec import StudySpec


def study_pictures(
    study: optuna.Study, spec: StudySpec, *, now: float | None = None
) -> Iterator[Picture]:
    """Draw them, the most asked for first; one that would show nothing is left out.

    Args:
        now: Unix seconds up to which running trials are drawn. None: the last moment that the
            study knows of; then the same study gives the same bytes.
    """
    from orchestrator.pictures.arms import draw_arms
    from orchestrator.pictures.fidelity import draw_fidelity
    from orchestrator.pictures.front_images import draw_front_images
    from orchestrator.pictures.history import draw_history
    from orchestrator.pictures.history_time import draw_history_time
    from orchestrator.pictures.importances import draw_importances
    from orchestrator.pictures.label_curves import draw_label_curves
    from orchestrator.pictures.parallel import draw_parallel
    from orchestrator.pictures.pareto import draw_pareto
    from orchestrator.pictures.slices import draw_slices
    from orchestrator.pictures.timeline import draw_timeline
    from orchestrator.pictures.view import study_view

    view = study_view(study, spec, now)
    for draw in (
        draw_arms,
        draw_label_curves,
        draw_history,
        draw_history_time,
        draw_pareto,
        draw_front_images,
        draw_importances,
        draw_slices,
        draw_parallel,
        draw_timeline,
        draw_fidelity,
    ):
        picture = draw(view)
        if picture is not None:
            yield picture
