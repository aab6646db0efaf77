"""The Pareto front: two objectives in one panel, of more of them a panel a pair.

In the page three objectives are one room that can be turned.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Literal

from orchestrator.pictures.interactive import fragment
from orchestrator.pictures.marks import Mark, kind_of, marks
from orchestrator.pictures.picture import Picture
from orchestrator.pictures.scales import MetricScale, metric_scale
from orchestrator.pictures.view import StudyView
from orchestrator.study.facts import TrialFacts
from orchestrator.study.pareto import pareto_front
from trainables.pictures.style import ORANGE, png

MOST_OBJECTIVES = 4  # six panels; beyond, parallel coordinates show more
FRONT = Mark("Pareto front", ORANGE, "o", "circle")


@dataclass(frozen=True)
class Spot:
    """A trial with a value of each objective."""

    trial: TrialFacts
    values: tuple[float, ...]
    mark: Mark


@dataclass(frozen=True)
class Front:
    """All that the picture shows; the faint spots come first, so that they lie below."""

    metrics: tuple[str, ...]
    directions: tuple[Literal["maximize", "minimize"], ...]
    scales: tuple[MetricScale, ...]
    spots: tuple[Spot, ...]

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """The panels: which objective goes to the right, and which upwards."""
        return list(combinations(range(len(self.metrics)), 2))

    @property
    def best(self) -> tuple[Spot, ...]:
        """Those of the front."""
        return tuple(spot for spot in self.spots if spot.mark == FRONT)

    @property
    def marked(self) -> dict[Mark, list[Spot]]:
        """The spots by their mark, in order."""
        return {
            mark: [spot for spot in self.spots if spot.mark == mark]
            for mark in dict.fromkeys(spot.mark for spot in self.spots)
        }

    @property
    def words(self) -> str:
        """What is better, and how many are on the front."""
        ways = ("higher" if way == "maximize" else "lower" for way in self.directions)
        better = ", ".join(f"{n} {way}" for n, way in zip(self.metrics, ways, strict=True))
        return f"{len(self.best)} of {len(self.spots)} trials on the front; better: {better}"

    def edge(self, x: int, y: int) -> tuple[list[float], list[float]]:
        """The border of what the front of two objectives dominates, as steps.

        Both coordinates of a corner are the worse ones of its two neighbours.
        """
        worse_x = min if self.directions[x] == "maximize" else max
        worse_y = min if self.directions[y] == "maximize" else max
        places = sorted((spot.values[x], spot.values[y]) for spot in self.best)
        steps = places[:1]
        for here, after in pairwise(places):
            steps += [(worse_x(here[0], after[0]), worse_y(here[1], after[1])), after]
        return [step[0] for step in steps], [step[1] for step in steps]


def draw_pareto(view: StudyView) -> Picture | None:
    """The picture; None with one objective, or fewer than two finished trials."""
    from orchestrator.pictures.pareto_html import interactive_front
    from orchestrator.pictures.pareto_png import static_front

    if not 2 <= len(view.spec.objectives) <= MOST_OBJECTIVES or len(view.scored) < 2:
        return None
    front = front_of_view(view)
    title = f"Pareto front of {', '.join(front.metrics)}"
    static, moving = static_front(front, title), interactive_front(front)
    return Picture("pareto", title, png(static), fragment(moving, "pareto", front.words))


def front_of_view(view: StudyView) -> Front:
    """The finished trials, and those stopped early that have a figure of each objective."""
    objectives, styles = view.spec.objectives, marks(view)
    names = tuple(objective.metric for objective in objectives)
    numbers = set(pareto_front(view.trials, view.spec))
    rows = [(trial, trial.values) for trial in view.scored]
    for trial in view.runs:
        values = tuple(trial.metrics.get(name, math.nan) for name in names)
        if trial.stopped_at and trial.state == "pruned" and all(map(math.isfinite, values)):
            rows.append((trial, values))
    spots = [
        Spot(trial, values, FRONT if trial.number in numbers else styles[kind_of(trial, view)])
        for trial, values in rows
    ]
    order = [*styles.values(), FRONT]
    spots.sort(key=lambda spot: (order.index(spot.mark), spot.trial.number))
    scales = tuple(
        metric_scale(name, [spot.values[place] for spot in spots])
        for place, name in enumerate(names)
    )
    return Front(names, tuple(each.direction for each in objectives), scales, tuple(spots))
