"""The result file of `search_quality.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from machine import machine
from quality_table import ResultTable
from regret import Interval, mean_interval, never_reached, regrets, share_of_epochs
from replayed_table import Arm, Problem, Trace

_BUDGETS = (0.1, 0.25, 0.5, 1.0)  # of all epochs
GOAL = 0.5  # of random's epochs


@dataclass(frozen=True, eq=False)
class Outcome:
    """All replays of a problem; the first arm is plain random search."""

    problem: Problem
    table: ResultTable
    traces: Mapping[Arm, list[Trace]]

    @property
    def epochs(self) -> int:
        """That each search spends."""
        return self.problem.trials * self.table.epochs


def section(outcome: Outcome) -> str:
    """A heading, what was searched, and a row for each arm."""
    problem, table = outcome.problem, outcome.table
    found = {
        arm: regrets(traces, table, problem.objectives, outcome.epochs)
        for arm, traces in outcome.traces.items()
    }
    random_SB = next(iter(found.values()))
    lines = [
        f"## {problem.name}\n",
        f"{table.configs:,} configurations, {table.splits} splits, {table.epochs} epochs a full "
        f"run; {outcome.epochs:,} epochs a search. {_unit(problem)}\n",
        "| sampler | stopping early | n | "
        + " | ".join(f"at {share * outcome.epochs:.0f} epochs" for share in _BUDGETS)
        + " | epochs to random's final best / random's | ends worse than random "
        "| trials: all, full |",
        "| --- " * (len(_BUDGETS) + 6) + "|",
    ]
    shares = {
        arm: share_of_epochs(arm_SB, random_SB[: len(arm_SB)]) for arm, arm_SB in found.items()
    }
    for arm, arm_SB in found.items():
        cells = [_mean(arm_SB[:, int(share * outcome.epochs) - 1], problem) for share in _BUDGETS]
        worse = f"{100 * never_reached(arm_SB, random_SB[: len(arm_SB)]):.0f} %"
        counts = _counts(outcome.traces[arm])
        cells = [str(len(arm_SB)), *cells, _share(shares[arm]), worse, counts]
        lines.append("| " + " | ".join([arm.sampler, _stopping(arm), *cells]) + " |")
    return "\n".join([*lines, "", _goal(shares)]) + "\n"


def _goal(shares: Mapping[Arm, Interval]) -> str:
    """Which arms need at most `GOAL` of random's epochs, and of which the interval says so."""
    met = [arm for arm, share in shares.items() if share.middle <= GOAL]
    sure = [arm for arm in met if shares[arm].high <= GOAL]
    if not met:
        return f"At most {GOAL:g} of random's epochs: none."
    words = "; with their whole interval: " + (", ".join(map(_named, sure)) or "none")
    return f"At most {GOAL:g} of random's epochs: {', '.join(map(_named, met))}{words}."


def _named(arm: Arm) -> str:
    stopping = _stopping(arm)
    return arm.sampler if stopping == "none" else f"{arm.sampler} ({stopping})"


def whole(found: Mapping[str, Outcome], how: str) -> str:
    """The file.

    Args:
        how: what it took, in a sentence.
    """
    sections = "\n".join(section(outcome) for outcome in found.values())
    return f"""# How soon is found what random search finds in the end?

Replays of n seeds, 0 to n - 1, through the engine's own conductor, samplers and pruners, on tables
of real results and a fake clock, 2 workers; what is compared, and how, is said in
`benchmarks/search_quality.py`. Regret: mean (95 % interval). An arm is compared with random search
of the same seeds. "runs": rungs are whole short runs,
each trained anew and paid for; "epochs": trials are compared between the epochs of one run. One
trial in eight is exempt from stopping unless it is said otherwise. A repeated draw runs again and
costs its epochs, but where "answered" is said.

{sections}
{how} {machine("optuna", "torch", "numpy")}

    python benchmarks/search_quality.py --keep FOLDER
"""


def _unit(problem: Problem) -> str:
    if len(problem.objectives) > 1:
        return "Regret: hypervolume, in thousandths of that of the table's whole front."
    if problem.objectives[0].endswith("loss"):
        return "Regret: validation loss, in thousandths."
    return "Regret: validation accuracy, in points."


def _scale(problem: Problem) -> float:
    return 100.0 if problem.objectives == ("val_acc",) else 1000.0


def _mean(values_S: np.ndarray, problem: Problem) -> str:
    found, scale = mean_interval(values_S), _scale(problem)
    if np.isnan(found.middle):
        return "none yet"
    return f"{scale * found.middle:.2f} ({scale * found.low:.2f} to {scale * found.high:.2f})"


def _share(found: Interval) -> str:
    return f"{_finite(found.middle)} ({_finite(found.low)} to {_finite(found.high)})"


def _finite(value: float) -> str:
    return f"{value:.2f}" if np.isfinite(value) else "never"


def _stopping(arm: Arm) -> str:
    words = [] if arm.pruner == "none" else [f"`{arm.pruner}`, {arm.fidelity}"]
    if arm.pruner != "none" and not arm.exempt:
        words.append("none exempt")
    if arm.duplicates == "answer":
        words.append("repeats answered")
    return ", ".join(words) or "none"


def _counts(traces: list[Trace]) -> str:
    all_S = [trace.trials for trace in traces]
    full_S = [len(trace.work_T) for trace in traces]
    return f"{np.mean(all_S):.0f}, {np.mean(full_S):.0f}"
