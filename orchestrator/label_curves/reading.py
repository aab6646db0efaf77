"""The curves over labels that a study holds, from its trials.

Shapes: D splits, S sizes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from orchestrator.label_curves.curve import LabelCurve, make_curve
from orchestrator.label_curves.resampling import Resamples
from orchestrator.study.facts import TrialFacts
from orchestrator.study.spec import StudySpec
from search_spaces.options import split_name

METRIC = "val_acc"
_SIZE, _SPLIT = "train_size", "split_seed"
# What trials of one arm have in common; a study that varies anything else compares other things.
_ARM = ("backbone", "subset")

_Points = Mapping[tuple[int, int], list[float]]
"""Accuracies by number of labels and split."""


def read_label_curves(trials: Sequence[TrialFacts], spec: StudySpec) -> tuple[LabelCurve, ...]:
    """A curve for each backbone and strategy; empty for a study that varies something else.

    Trials that came to nothing are left out, and so is an arm with a single number of labels.
    """
    if not spec.has_images or spec.comparison is not None or not _is_about_labels(trials):
        return ()
    arms: dict[tuple[str, str], defaultdict[tuple[int, int], list[float]]] = {}
    for trial in trials:
        if trial.state != "finished" or trial.repeat or METRIC not in trial.metrics:
            continue
        backbone, strategy = (str(trial.config.get(name, "")) for name in _ARM)
        points = arms.setdefault((backbone, strategy), defaultdict(list))
        at = (int(trial.config[_SIZE]), int(trial.config.get(_SPLIT, 0)))
        points[at].append(trial.metrics[METRIC])
    splits = sorted({split for points in arms.values() for _, split in points})
    resamples = Resamples.of(len(splits))
    names = _names(list(arms))
    curves = (
        _curve(names[arm], arm, points, splits, resamples)
        for arm, points in arms.items()
        if len({size for size, _ in points}) > 1
    )
    return tuple(sorted(curves, key=lambda curve: (curve.backbone, -float(curve.means_S[-1]))))


def _is_about_labels(trials: Sequence[TrialFacts]) -> bool:
    varied = {name for trial in trials for name in trial.params}
    return _SIZE in varied and varied <= {_SIZE, _SPLIT, *_ARM}


def _curve(
    name: str,
    arm: tuple[str, str],
    points: _Points,
    splits: Sequence[int],
    resamples: Resamples,
) -> LabelCurve:
    sizes = sorted({size for size, _ in points})
    accuracy_DS = np.full((len(splits), len(sizes)), np.nan)
    for (size, split), values in points.items():
        accuracy_DS[splits.index(split), sizes.index(size)] = np.mean(values)
    return make_curve(name, *arm, sizes, accuracy_DS, resamples)


def _names(arms: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """What tells an arm from the others, as short as it can be: `margin`, not its options."""
    backbones = {backbone for backbone, _ in arms}
    strategies = {strategy for _, strategy in arms}
    short = {strategy: split_name(strategy)[0] for strategy in strategies}
    if len(set(short.values())) < len(strategies):
        short = {strategy: strategy for strategy in strategies}
    found = {}
    for backbone, strategy in arms:
        parts = [backbone] if len(backbones) > 1 or len(strategies) == 1 else []
        parts += [short[strategy]] if len(strategies) > 1 else []
        found[backbone, strategy] = ", ".join(parts)
    return found
