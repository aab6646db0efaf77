"""Clean and attacked images of the models on the Pareto front, where robustness is an objective."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.pictures.picture import Picture
from orchestrator.pictures.view import StudyView
from orchestrator.study.pareto import gain, pareto_front
from orchestrator.views.numbers import metric
from trainables.attacks.figures import is_under_attack
from trainables.record_arrays import examples_from

if TYPE_CHECKING:
    from orchestrator.study.facts import TrialFacts
    from trainables.pictures.front_images import AttackedModel
    from trainables.reports import Examples

NAME = "front_images"


def draw_front_images(view: StudyView) -> Picture | None:
    """None where no objective is under attack, or no trial of the front has its images here."""
    spec = view.spec
    aims = [objective.metric for objective in spec.objectives]
    if len(aims) < 2 or not any(map(is_under_attack, aims)):
        return None
    models = front_models(view)
    if not models:
        return None
    from trainables.pictures import front_images
    from trainables.pictures.style import png

    title = "Models of the Pareto front, clean and attacked"
    drawn = front_images.draw_front_images(models, spec.data.classes, title=title)
    return Picture(NAME, title, png(drawn))


def front_models(view: StudyView) -> list[AttackedModel]:
    """Those whose attacked images are on this machine, best by the first objective first.

    Of more than the picture has room for, both ends stay, and others evenly between them.
    """
    from trainables.pictures.front_images import MOST_MODELS, AttackedModel

    numbers = set(pareto_front(view.trials, view.spec))
    front = [trial for trial in view.trials if trial.number in numbers and not trial.repeat]
    front.sort(key=lambda trial: (*(-value for value in gain(trial, view.spec)), trial.number))
    held = [(trial, examples) for trial in front if (examples := _examples(trial)) is not None]
    return [
        AttackedModel(f"trial {trial.number}: {trial.label}", _figures(trial, view), examples)
        for trial, examples in _spread(held, MOST_MODELS)
    ]


def _spread(
    held: list[tuple[TrialFacts, Examples]], most: int
) -> list[tuple[TrialFacts, Examples]]:
    if len(held) <= most:
        return held
    return [held[round(place * (len(held) - 1) / (most - 1))] for place in range(most)]


def _examples(trial: TrialFacts) -> Examples | None:
    if not trial.folder:
        return None
    try:
        found = examples_from(Path(trial.folder) / "examples.npz")
    except (OSError, KeyError, ValueError):
        return None
    return found if found is not None and len(found.labels_N) else None


def _figures(trial: TrialFacts, view: StudyView) -> str:
    names = [objective.metric for objective in view.spec.objectives]
    return ", ".join(f"{name} {metric(name, trial.metrics.get(name))}" for name in names)
