"""The best trial knows its training images by heart."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from orchestrator.reporting.material import Material
from orchestrator.reporting.next_steps.step import NextStep
from orchestrator.views.numbers import percent

_GAP = 0.10  # training less validation accuracy


def overfitting(material: Material) -> Iterator[NextStep]:
    """Regularization; for a net that trains on images, augmentation too."""
    best, spec = material.best, material.spec
    if best is None or not spec.has_images or spec.space in ("regularization", "augmentation"):
        return
    train, val = best.metrics.get("train_acc"), best.metrics.get("val_acc")
    if train is None or val is None or train - val < _GAP:
        return
    trains_net = best.config.get("tune", "head") != "head"
    space = "augmentation" if trains_net else "regularization"
    why = (
        f"The best trial tells {percent(train)} % of its training images right and "
        f"{percent(val)} % of the validation images, a gap of {100 * (train - val):.1f} points"
    )
    labels = best.config.get("train_size") or spec.split.train
    words = ["orchestrator", "search", space, "--data", spec.data.name]
    words += ["--backbones", str(best.config.get("backbone")), "--train-size", str(labels)]
    words += ["--set", f"tune={best.config['tune']}"] if trains_net else []
    yield NextStep("overfitting", f"Search {space} for the best backbone", why, shlex.join(words))
