"""The arms of a comparison: each repeat, the mean with its interval, and the pairs' differences."""

from __future__ import annotations

from orchestrator.comparing.comparison import Comparison, read_comparison
from orchestrator.pictures.interactive import fragment
from orchestrator.pictures.picture import Picture
from orchestrator.pictures.view import StudyView
from trainables.pictures.style import png

MOST_PAIRS = 15


def draw_arms(view: StudyView) -> Picture | None:
    """The picture; None for a study that compares nothing, or has no two means yet."""
    from orchestrator.pictures.arms_html import interactive_arms
    from orchestrator.pictures.arms_png import static_arms

    if view.spec.comparison is None:
        return None
    comparison = read_comparison(view.trials, view.spec)
    if len(comparison.arms) < 2:
        return None
    title = f"Which {comparison.by} is the best?"
    static, moving = static_arms(comparison, title), interactive_arms(comparison)
    words = (comparison.verdict, *comparison.sentences)
    return Picture("arms", title, png(static), fragment(moving, "arms", *words))


def pairs_words(comparison: Comparison) -> list[str]:
    """The pairs of the second panel: `a - b`, the better one first."""
    return [f"{each.better} - {each.worse}" for each in comparison.differences[:MOST_PAIRS]]
