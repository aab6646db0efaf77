"""`Comparison`: what the repeats of each arm say, in numbers and in words.

Shapes: A arms, R repeats.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from orchestrator.comparing.overlap import overlap_of
from orchestrator.comparing.simultaneous import Blocks, Interval, mean_interval
from orchestrator.study.facts import TrialFacts
from orchestrator.study.spec import ComparisonSpec, LeftOut, StudySpec
from orchestrator.views.numbers import plain
from search_spaces.errors import UsageError


@dataclass(frozen=True)
class ArmResult:
    """One arm.

    Args:
        values: by repeat; NaN where it gave none (it diverged, or has not run yet).
        mean: with its own 95 % interval.
        label: its configuration in a line.
    """

    name: str
    values: tuple[float, ...]
    mean: Interval
    label: str = ""


@dataclass(frozen=True)
class Difference:
    """How much better one arm is than another, in the metric's own unit.

    Args:
        better, worse: by their means.
        by: never negative; its bounds hold for all pairs at once.
    """

    better: str
    worse: str
    by: Interval

    @property
    def is_told(self) -> bool:
        """Whether the two can be told apart."""
        return self.by.low is not None and self.by.low > 0

    def sentence(self, metric: str) -> str:
        """In words, such as `a beats b by 1.8 points (95 %: 0.9 to 2.7)`."""
        unit, figure = _unit(metric)
        if self.by.low is None or self.by.high is None:
            return f"{self.better} and {self.worse} share too few repeats to be compared"
        bounds = f"{figure(self.by.low)} to {figure(self.by.high)}"
        if self.is_told:
            by = f"{figure(self.by.mean)}{unit}"
            return f"{self.better} beats {self.worse} by {by} (95 %: {bounds})"
        return f"between {self.better} and {self.worse} nothing can be said (95 %: {bounds}{unit})"


@dataclass(frozen=True)
class Comparison:
    """Arms, best first, and the differences of all pairs.

    Args:
        study: of the repeats; `source` is the study that was searched.
        by: what the arms differ in.
        overlap: share of all images that a validation split (or all its folds) has.
        left_out: groups without an arm, with the reason.
    """

    study: str
    source: str
    by: str
    metric: str
    maximize: bool
    repeats: int
    tuned: int
    overlap: float
    arms: tuple[ArmResult, ...]
    differences: tuple[Difference, ...]
    left_out: tuple[LeftOut, ...] = ()

    @property
    def is_share(self) -> bool:
        """Whether values lie in [0, 1], and differences are told in points."""
        return _is_share(self.metric)

    @property
    def sentences(self) -> tuple[str, ...]:
        """One for each pair, the best arm's first."""
        return tuple(each.sentence(self.metric) for each in self.differences)

    @property
    def leaders(self) -> tuple[str, ...]:
        """The best arm and those that it cannot be told apart from."""
        if not self.arms:
            return ()
        first = self.arms[0].name
        rivals = [d.worse for d in self.differences if d.better == first and not d.is_told]
        return (first, *rivals)

    @property
    def verdict(self) -> str:
        """The answer in a sentence."""
        if not self.arms:
            return "No arm has a value yet."
        first, *rivals = self.leaders
        if len(self.arms) == 1:
            return f"{first} was run by itself: there is nothing to compare it with."
        if not rivals:
            return f"{first} is the best of {len(self.arms)}: it beats every other."
        listed = ", ".join(rivals[:-1]) + (" and " if rivals[:-1] else "") + rivals[-1]
        return f"{first} has the best mean, but cannot be told from {listed}."

    def to_json(self) -> dict[str, Any]:
        """The object that `--json` prints; keys as in `docs/json.md`."""
        return {
            **{k: getattr(self, k) for k in ("study", "source", "by", "metric", "maximize")},
            **{k: getattr(self, k) for k in ("repeats", "tuned", "overlap", "verdict")},
            "arms": [asdict(arm) for arm in self.arms],
            "differences": [
                {"better": d.better, "worse": d.worse, **asdict(d.by), "told_apart": d.is_told,
                 "sentence": d.sentence(self.metric)}
                for d in self.differences
            ],
            "left_out": [item.model_dump() for item in self.left_out],
        }  # fmt: skip


def compare_values(
    values: Mapping[str, Sequence[float]], *, overlap: float = 0.0, maximize: bool = True
) -> tuple[tuple[ArmResult, ...], tuple[Difference, ...]]:
    """Arms, best first, and all pairs' differences.

    Args:
        values: by arm, one a repeat, NaN where there is none; repeats are paired across arms.
        overlap: see `simultaneous.py`.
    """
    means = {name: mean_interval(each, overlap) for name, each in values.items()}
    kept = [name for name in values if means[name].repeats]
    sign = 1 if maximize else -1
    order = sorted(kept, key=lambda name: -sign * means[name].mean)
    values_AR = np.array([values[name] for name in order], dtype=float)
    arms = tuple(ArmResult(name, tuple(map(float, values[name])), means[name]) for name in order)
    return arms, tuple(_differences(order, Blocks(sign * values_AR, overlap)))


def _differences(order: list[str], blocks: Blocks) -> Iterable[Difference]:
    """Of every pair; the one with the better mean over the repeats that both have comes first."""
    for one, other in itertools.combinations(range(len(order)), 2):
        by = blocks.difference(one, other)
        if by.mean < 0:
            one, other = other, one
            by = blocks.difference(one, other)
        yield Difference(order[one], order[other], by)


def read_comparison(trials: Sequence[TrialFacts], spec: StudySpec) -> Comparison:
    """What a study of repeats holds so far.

    Raises:
        UsageError: it is another kind of study.
    """
    held, objective = spec.comparison, spec.objectives[0]
    if held is None:
        rule = "Only a study that `orchestrator compare` made holds a comparison."
        raise UsageError(rule, got=spec.name)
    overlap = overlap_of(spec.split)
    maximize = objective.direction == "maximize"
    arms, differences = compare_values(
        _values(trials, held, objective.metric), overlap=overlap, maximize=maximize
    )
    return Comparison(
        study=spec.name,
        source=held.source,
        by=held.by,
        metric=objective.metric,
        maximize=maximize,
        repeats=held.repeats,
        tuned=held.tuned,
        overlap=overlap,
        arms=tuple(replace(arm, label=held.arms[arm.name].label) for arm in arms),
        differences=differences,
        left_out=spec.left_out,
    )


def _values(
    trials: Sequence[TrialFacts], held: ComparisonSpec, metric: str
) -> dict[str, list[float]]:
    values = {arm: [math.nan] * held.repeats for arm in held.arms}
    for trial in trials:
        arm, repeat = trial.params.get("arm"), trial.params.get("repeat")
        if trial.state == "finished" and arm in values and repeat is not None:
            values[arm][int(repeat)] = trial.metrics.get(metric, math.nan)
    return values


def _unit(metric: str) -> tuple[str, Any]:
    """How a difference of this metric is written: in points where it is a share."""
    if _is_share(metric):
        return " points", lambda value: f"{100 * value:.1f}"
    return "", plain


def _is_share(metric: str) -> bool:
    return metric.endswith(("_acc", "_score")) or "_acc_" in metric
