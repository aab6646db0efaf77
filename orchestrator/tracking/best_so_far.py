"""`best_<objective>` of the study's own run, by the number of trials."""

from __future__ import annotations

import math

from mlflow.entities import Metric

from orchestrator.study.facts import TrialFacts
from orchestrator.study.pareto import feasible
from orchestrator.tracking.batches import allowed_name, milliseconds
from orchestrator.tracking.records import StudyRecord, is_over


def best_so_far(study: StudyRecord, *, last: bool = False) -> list[Metric]:
    """One row an objective and trial that counts: the best of the trials up to that number.

    A row is given once all trials of smaller numbers are over. By the order in which trials end,
    a row that was sent could come out different later: two drivers' clocks differ, and a trial
    that ended first may be told last. Names of its own, so that a flat list sorted by `val_acc`
    holds trials alone at its top.

    Args:
        last: no search is under way: trials that wait are left out. One that goes on some day
            makes the row after the last, which again is the best of all.
    """
    begun = _without_gaps(study, last=last)
    counted = [trial for trial in begun if trial.counts]
    stamps: list[float] = []
    for trial in counted:
        stamps.append(max([trial.ended or 0.0, *stamps[-1:]]))
    rows = []
    for objective in study.spec.objectives:
        better = max if objective.direction == "maximize" else min
        best: float | None = None
        for step, (trial, stamp) in enumerate(zip(counted, stamps, strict=True), 1):
            value = trial.metrics.get(objective.metric, math.nan)
            if trial.state == "finished" and math.isfinite(value) and feasible(trial, study.spec):
                best = float(value) if best is None else float(better(best, value))
            if best is not None:
                name = allowed_name(f"best_{objective.metric}")
                rows.append(Metric(name, best, milliseconds(stamp), step))
    return rows


def _without_gaps(study: StudyRecord, *, last: bool) -> list[TrialFacts]:
    """Trials before the first one that is not over; warm starts come to no run of their own."""
    kept = []
    for trial in study.facts:
        if is_over(trial) and trial.origin != "warm_start":
            kept.append(trial)
        elif not is_over(trial) and (trial.state == "running" or not last):
            break
    return kept
