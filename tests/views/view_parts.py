"""Made-up values for the views: a study with four finished trials, one pruned, one failed."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from orchestrator.board import Board
from orchestrator.results import SearchResult, TrialResult
from orchestrator.study.spec import DataSpec, LeftOut, ObjectiveSpec, SplitSpec, StudySpec

NAMES = ("tf_efficientnet_lite2", "tf_efficientnet_lite0", "densenet161", "vgg13_bn")
STUDY = "backbone_compare-20261121-225010"


def spec(**changes: object) -> StudySpec:
    """A spec over CIFAR-10: 1,000 + 1,000 labels, 256 images attacked."""
    fields: dict[str, object] = {
        "name": STUDY,
        "space": "backbone_compare",
        "space_version": 1,
        "space_question": "Which one?",
        "objectives": (ObjectiveSpec(metric="val_acc"),),
        "base_config": {"input_size": 128},
        "trials": 8,
        "seed": 0,
        "data": DataSpec(
            name="cifar10", digest="a" * 16, images=50_000, classes=tuple("abcdefghij")
        ),
        "split": SplitSpec(
            digest="b" * 16,
            train=1000,
            val=1000,
            robust=256,
            pool=48_000,
            test=10_000,
            labels_used=2000,
        ),
        "backbones": NAMES,
        "left_out": (
            LeftOut(backbone="vgg16", reason="the hub cannot be reached"),
            LeftOut(backbone="vgg19", reason="the hub cannot be reached"),
        ),
        "input_size_reason": "the largest that fits",
        "folder": Path("/nowhere/study"),
        "tracking_uri": "postgresql://me:secret@db/mlflow",
        "experiment": "orchestrator",
        "created": 1_795_300_000.0,
    }
    return StudySpec.model_validate({**fields, **changes})


def trial(number: int, **changes: object) -> TrialResult:
    """A finished trial of the backbone with that number."""
    name = NAMES[number % len(NAMES)]
    fields: dict[str, object] = {
        "number": number,
        "label": f"{name} · 128 px · lr 1e-3",
        "state": "finished",
        "reason": "",
        "params": {"backbone": name, "lr": 1e-3},
        "config": {"backbone": name, "input_size": 128, "epochs": 30},
        "metrics": {
            "val_acc": 0.842 - 0.03 * number,
            "train_acc": 0.99,
            "robust_score": 0.21,
            "robust_acc": 0.0,
            "extract_seconds": 12.3,
            "train_seconds": 1.5,
        },
        "run_id": None,
        "seconds": 33.0,
        "folder": "/nowhere",
    }
    return TrialResult(**{**fields, **changes})  # type: ignore[arg-type]


def result(**changes: object) -> SearchResult:
    """Four finished trials, best first by chance of their numbers, one pruned, two failed alike."""
    rows = [trial(number) for number in range(4)]
    rows.append(trial(4, state="pruned", reason="sees nothing below 63 px", metrics={}))
    rows += [trial(number, state="failed", reason="disk\nfull", metrics={}) for number in (5, 6)]
    fields: dict[str, object] = {
        "spec": spec(),
        "storage": "sqlite:////nowhere/optuna.db",
        "results": tuple(rows),
        "seconds": 250.0,
    }
    return SearchResult(**{**fields, **changes})  # type: ignore[arg-type]


def board(trials: int, *, running: int = 1) -> Board:
    """A board with that many trials, the last `running` of them under way."""
    made = Board(STUDY, total=trials + 5, metric="val_acc", expected=300.0)
    for number in range(trials):
        label = f"{NAMES[number % 4]} · 128 px · lr 1e-3 · wd 1e-2 · drop 0.3 · batch 64"
        made.post(number, label=label)
        if number < trials - running:
            made.post(number, state="finished", metrics={"val_acc": 0.5 + number / 1000})
        else:
            made.post(number, stage="extracting features", done=512, total=2000)
    return made


def screen(width: int, height: int = 50) -> Console:
    """A terminal of that size that keeps what is printed, without colours."""
    return Console(
        file=io.StringIO(), width=width, height=height, force_terminal=True, color_system=None
    )


def text_of(console: Console) -> str:
    """What `screen` was given."""
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()
