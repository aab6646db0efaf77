"""Fewer trials where all of them would be a carpet: the best, and others drawn at random."""

from __future__ import annotations

import random
from collections.abc import Sequence

from orchestrator.study.facts import TrialFacts
from orchestrator.study.pareto import gain
from orchestrator.study.spec import StudySpec


def ranked(trials: Sequence[TrialFacts], spec: StudySpec) -> tuple[TrialFacts, ...]:
    """The trials, best by the first objective first; ties by number."""
    return tuple(sorted(trials, key=lambda trial: (-gain(trial, spec)[0], trial.number)))


def sampled(trials: Sequence[TrialFacts], spec: StudySpec, most: int) -> tuple[TrialFacts, ...]:
    """At most `most` trials, best first: a tenth of them the best there are, the rest at random.

    The same trials give the same sample.
    """
    in_order = ranked(trials, spec)
    if len(in_order) <= most:
        return in_order
    best = most // 10
    others = random.Random(0).sample(in_order[best:], most - best)
    chosen = {trial.number for trial in (*in_order[:best], *others)}
    return tuple(trial for trial in in_order if trial.number in chosen)


def sample_words(shown: int, of: int) -> str:
    """Says that there are more; empty where there are not."""
    return "" if shown == of else f"{shown:,} of {of:,} finished trials: the best, others at random"
