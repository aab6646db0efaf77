"""A search over a table of real results, replayed through the engine's own conductor.

Numbers are drawn from continuous ranges and snapped to the nearest level of the table (on the log
scale where the range is logarithmic), so that samplers see distances between them as they do in a
real space: as categories the levels would be strangers to each other, and as indices a draw could
not fall between two. What it costs: two draws that snap to one point are the same config, which
the engine answers from its study without running it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from quality_table import METRICS, ResultTable

from orchestrator.run.replay import Recorded, Step, replay, replay_spec, replayed_study
from orchestrator.study.messages import Assignment
from orchestrator.study.pruners import parse_pruner
from search_spaces.space import Objective, Params, Space, SpaceContext, TrialLike


@dataclass(frozen=True)
class Arm:
    """A way to search.

    Args:
        pruner: as `--pruner` takes it.
        fidelity: what the pruner compares.
        exempt: share of trials that are never stopped early.
    """

    sampler: str
    pruner: str = "none"
    fidelity: Literal["epochs", "runs"] = "epochs"
    exempt: float = 0.125
    duplicates: Literal["answer", "run"] = "answer"


@dataclass(frozen=True)
class Problem:
    """What is searched.

    Args:
        objectives: metrics of the table; a loss is minimised.
        baseline: the point that every arm tries first, or None.
        trials: that a full-fidelity search of the budget has.
        workers: trials at a time.
    """

    name: str
    table: Callable[[], ResultTable]
    logs: frozenset[str]
    objectives: tuple[str, ...]
    baseline: Mapping[str, Any] | None
    trials: int
    workers: int = 2


def table_space(table: ResultTable, problem: Problem) -> Space:
    """The space whose points are the table's."""
    levels = table.levels

    def suggest(trial: TrialLike, context: SpaceContext) -> Params:
        del context
        return {name: _drawn(trial, name, levels[name], name in problem.logs) for name in levels}

    first = [dict(problem.baseline)] if problem.baseline else []
    return Space(
        name=problem.name,
        question="Which point of the table is the best?",
        suggest=suggest,
        baselines=lambda _: [dict(point) for point in first],
        objectives=tuple(Objective(m, not m.endswith("loss")) for m in problem.objectives),
    )


def _drawn(trial: TrialLike, name: str, values: tuple[Any, ...], log: bool) -> Any:
    if isinstance(values[0], str):
        return trial.suggest_categorical(name, values)
    drawn = trial.suggest_float(name, float(values[0]), float(values[-1]), log=log)
    scale = np.log if log else np.asarray
    distances = np.abs(scale(np.array(values, float)) - scale(drawn))
    return values[int(distances.argmin())]


@dataclass(frozen=True, eq=False)
class Trace:
    """One replayed search.

    Args:
        work_T: epochs of all workers when a trial finished.
        values_TM: its objectives.
        trials: that ended, finished or stopped early.
    """

    work_T: np.ndarray
    values_TM: np.ndarray
    trials: int


def run_arm(table: ResultTable, problem: Problem, arm: Arm, seed: int) -> Trace:
    """One search of one split, until it has spent its budget of epochs."""
    space = table_space(table, problem)
    fields: dict[str, Any] = {"base_config": {"epochs": table.epochs}, "sampler": arm.sampler}
    if arm.pruner != "none":
        gate = problem.objectives[0]
        direction = "minimize" if gate.endswith("loss") else "maximize"
        fields |= {"pruner": parse_pruner(arm.pruner), "fidelity": arm.fidelity}
        fields |= {"gate": {"metric": gate, "direction": direction}, "exempt_share": arm.exempt}
    spec = replay_spec(
        problem.name,
        space,
        trials=problem.trials,
        seed=seed,
        duplicates=arm.duplicates,
        **fields,
    )
    study = replayed_study(spec, space)
    play = _player(table, seed % table.splits)
    events = replay(
        study,
        spec,
        space,
        play,
        workers=problem.workers,
        trials=10**9,
        most_work=problem.trials * table.epochs,
    )
    return _trace(list(_finals(events, problem.objectives)), len(study.get_trials(deepcopy=False)))


def _player(table: ResultTable, split: int) -> Callable[[Assignment], Iterator[Step]]:
    def play(assignment: Assignment) -> Iterator[Step]:
        place = (split, *table.place(assignment.config))
        epochs = [
            {metric: float(table.curves[metric][(*place, epoch)]) for metric in METRICS}
            for epoch in range(table.epochs)
        ]
        short = {
            rung: {metric: float(values[metric][place]) for metric in METRICS}
            for rung, values in table.short.items()
        }
        return Recorded(epochs, short).steps(assignment)

    return play


def _finals(events: Iterator[Any], objectives: tuple[str, ...]) -> Iterator[tuple[float, Any]]:
    for event in events:
        if event.message.kind == "final":
            yield event.work, [event.message.metrics[metric] for metric in objectives]


def _trace(finals: list[tuple[float, Any]], trials: int) -> Trace:
    work, values = [row[0] for row in finals], [row[1] for row in finals]
    return Trace(np.array(work), np.array(values), trials)
