"""Studies written by hand, so that a report can be held to figures that anybody can look up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from orchestrator.reporting.material import Material
from orchestrator.results import SearchResult, TrialResult
from orchestrator.study.spec import DataSpec, ObjectiveSpec, SplitSpec, StudySpec

CLASSES = ("cat", "dog", "ship")


def a_spec(**changes: Any) -> StudySpec:
    """Over images, 1,000 of them for validation and 100 attacked; 3 trials wanted."""
    held: dict[str, Any] = {
        "name": "made",
        "space": "backbone_compare",
        "space_version": 1,
        "space_question": "Which backbone?",
        "objectives": (ObjectiveSpec(metric="val_acc"),),
        "trials": 3,
        "seed": 0,
        "data": DataSpec(name="digits", digest="d" * 16, images=5000, classes=CLASSES),
        "split": SplitSpec(
            train=500, val=1000, robust=100, pool=3500, test=2000, labels_used=1500, digest="5" * 16
        ),
        "folder": Path("/nowhere"),
        "tracking_uri": "sqlite:////nowhere/mlflow.db",
        "experiment": "orchestrator",
        "created": 1_790_000_000.0,
    }
    return StudySpec(**{**held, **changes})


def own_spec(**changes: Any) -> StudySpec:
    """Of a trainable of one's own: `height`, the lower the better."""
    objective = ObjectiveSpec(metric="height", direction="minimize")
    held = {"objectives": (objective,), "data": DataSpec(), "split": SplitSpec(), "space": "bowl"}
    return a_spec(**{**held, "trainable": "bowl:roll", **changes})


def a_trial(number: int, value: float | None = None, **changes: Any) -> TrialResult:
    """A finished trial with that validation accuracy; `backbone` is its label, too."""
    backbone = changes.pop("backbone", "net")
    metrics = {} if value is None else {"val_acc": value}
    held: dict[str, Any] = {
        "state": "finished",
        "label": backbone,
        "params": {"backbone": backbone},
        "config": {"backbone": backbone, "epochs": 10},
        "metrics": {**metrics, **changes.pop("metrics", {})},
        "values": () if value is None else (value,),
        "seconds": 60.0,
        "started": 1_790_000_000.0 + 100 * number,
    }
    return TrialResult(number=number, **{**held, **changes})


def a_material(*trials: TrialResult, spec: StudySpec | None = None, **changes: Any) -> Material:
    """What a report is made from, without a database and without files."""
    result = SearchResult(spec or a_spec(), "sqlite:////nowhere/optuna.db", tuple(trials))
    return Material(result=result, now=1_790_009_000.0, **changes)
