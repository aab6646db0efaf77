"""The table of a study with several objectives: its Pareto front."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from orchestrator.study.pareto import broken, feasible, front_of, gain, scored
from orchestrator.views.numbers import NOTHING, count, metric

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from orchestrator.study.facts import TrialFacts
    from orchestrator.study.spec import StudySpec

_MOST = 30


def print_front(console: Console, trials: Sequence[TrialFacts], spec: StudySpec) -> None:
    """Print the front, best by the first objective first, and what it was chosen from.

    Where no trial holds all constraints, the front of those that break them is shown, with what
    each of them breaks.
    """
    done = scored(trials, spec)
    holding = [trial for trial in done if feasible(trial, spec)]
    chosen = holding or list(done)
    numbers = set(front_of(chosen, spec))
    front = sorted(
        (trial for trial in chosen if trial.number in numbers),
        key=lambda trial: (*(-value for value in gain(trial, spec)), trial.number),
    )
    if not front:
        console.print("No trial has finished with a value of every objective.")
        return
    if not holding:
        conditions = " and ".join(str(each) for each in spec.constraints)
        console.print(Text(f"No finished trial holds {conditions}; without that:", style="yellow"))
    console.print(_table(front[:_MOST], spec))
    console.print(Text(_basis(front, done, holding, spec), style="dim"))


def _table(front: Sequence[TrialFacts], spec: StudySpec) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("trial", overflow="fold")
    for objective in spec.objectives:
        arrow = "↑" if objective.direction == "maximize" else "↓"
        table.add_column(f"{objective.metric} {arrow}", justify="right", no_wrap=True)
    for condition in spec.constraints:
        table.add_column(str(condition), justify="right", no_wrap=True)
    best = [max(column) for column in zip(*(gain(trial, spec) for trial in front), strict=True)]
    for trial in front:
        table.add_row(
            str(trial.number), trial.label, *_values(trial, spec, best), *_held(trial, spec)
        )
    return table


def _values(trial: TrialFacts, spec: StudySpec, best: Sequence[float]) -> list[Text]:
    """Each objective's value, the best of the front in bold."""
    return [
        Text(metric(objective.metric, value), style="bold" if gained == most else "")
        for objective, value, gained, most in zip(
            spec.objectives, trial.values, gain(trial, spec), best, strict=True
        )
    ]


def _held(trial: TrialFacts, spec: StudySpec) -> list[Text]:
    """Each constraint's figure, and whether it holds."""
    not_held = broken(trial, spec)
    cells = []
    for condition in spec.constraints:
        value = trial.metrics.get(condition.metric)
        figure = NOTHING if value is None else metric(condition.metric, value)
        held = str(condition) not in not_held
        words = f"{figure} {'held' if held else 'not held'}"
        cells.append(Text(words, style="" if held else "red"))
    return cells


def _basis(
    front: Sequence[TrialFacts],
    done: Sequence[TrialFacts],
    holding: Sequence[TrialFacts],
    spec: StudySpec,
) -> str:
    parts = [
        f"Pareto front: {count(len(front))} of {count(len(done))} finished trials; "
        "no other is as good in every objective and better in one."
    ]
    if len(front) > _MOST:
        parts.append(f"The first {_MOST} of them are shown.")
    if holding and len(holding) < len(done):
        conditions = " and ".join(str(each) for each in spec.constraints)
        parts.append(f"{count(len(done) - len(holding))} left out: they do not hold {conditions}.")
    return " ".join(parts)
