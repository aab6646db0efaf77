"""Would more labels help? Only a search that varied them can say."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping

from orchestrator.reporting.material import Material
from orchestrator.reporting.next_steps.step import NextStep
from orchestrator.results import TrialResult
from orchestrator.views.numbers import count

_RISE = 0.01  # of accuracy, from the second-largest number of labels to the largest
_METRIC = "val_acc"


def labels(material: Material) -> Iterator[NextStep]:
    """Where the curve over labels still rises at its end."""
    if not material.spec.has_images:
        return
    by_size = _best_by_size(material)
    if len(by_size) < 2:
        return
    (before, less), (most, more) = sorted(by_size.items())[-2:]
    rise = more.metrics[_METRIC] - less.metrics[_METRIC]
    if rise < _RISE:
        return
    pool = material.spec.split.pool
    left = f"; {count(pool)} images are left unlabelled" if pool else ""
    why = (
        f"From {count(before)} to {count(most)} training labels the best accuracy rose by "
        f"{100 * rise:.1f} points, and the curve has not levelled off{left}"
    )
    words = ["orchestrator", "search", "subset_size", "--data", material.spec.data.name]
    words += ["--backbones", str(more.config.get("backbone")), "--train-size", str(2 * most)]
    yield NextStep("labels", "Label more images", why, shlex.join(words))


def _best_by_size(material: Material) -> Mapping[int, TrialResult]:
    found: dict[int, TrialResult] = {}
    for trial in sorted(material.ranked, key=lambda t: -t.metrics.get(_METRIC, -1.0)):
        size = trial.config.get("train_size")
        if isinstance(size, int) and _METRIC in trial.metrics:
            found.setdefault(size, trial)
    return found
