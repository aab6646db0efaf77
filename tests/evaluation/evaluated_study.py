"""A study on digits with real trials, told to a real storage, without a search and MLflow."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import TrialState

from orchestrator.study.spec import DataSpec, ObjectiveSpec, SplitSpec, StudySpec
from orchestrator.study.store import create_study, open_storage
from trainables.config import TrialConfig
from trainables.data import load
from trainables.record import write_report
from trainables.reports import TrialReport
from trainables.trial import train

# An untrained MobileNet with a linear head: 2 ms an image, and nothing is downloaded.
PROBE = TrialConfig(
    data="digits",
    backbone="mobilenet_v2",
    weights="random",
    input_size=32,
    train_size=120,
    val_size=60,
    epochs=4,
    lr=1e-3,
    attack="none",
    precision="float32",
    threads=1,
)
NET = PROBE.replace(backbone="mini_vgg", tune="all", width=8, depth=2, batch_size=30)


@dataclass(frozen=True)
class EvaluatedStudy:
    """A study, its folder, and the reports of its finished trials by number."""

    name: str
    storage: str
    folder: Path
    study: optuna.Study
    reports: dict[int, TrialReport]

    def trial_folder(self, number: int) -> Path:
        """Where a trial's files are."""
        return self.folder / "trials" / f"{number:05d}"

    def attrs(self, number: int) -> dict[str, Any]:
        """What the study holds of a trial beside its values."""
        return self.study.get_trials(deepcopy=False)[number].user_attrs


def make_study(work: Path, name: str = "small", **spec: Any) -> EvaluatedStudy:
    """Trials 0 (a head), 1 (a net from scratch), 2 (running), 3 (answered from 0), 4 (failed)."""
    data = load("digits")
    folder = work / ".orchestrator" / name
    fields: dict[str, Any] = {
        "name": name,
        "space": "backbone_compare",
        "space_version": 1,
        "space_question": "Which one?",
        "objectives": (ObjectiveSpec(metric="val_acc"),),
        "trials": 4,
        "seed": 0,
        "data": DataSpec(name="digits", digest=data.digest, images=len(data), classes=data.classes),
        "split": SplitSpec(train=120, val=60),
        "folder": folder,
        "tracking_uri": f"sqlite:///{work}/mlflow.db",
        "experiment": "orchestrator",
        "created": time.time(),
    }
    storage = f"sqlite:///{work}/optuna.db"
    study = create_study(open_storage(storage), StudySpec.model_validate({**fields, **spec}))
    made = EvaluatedStudy(name, storage, folder, study, {})
    for config in (PROBE, NET):
        _finished(made, config)
    study.ask()
    _answered(made, 0)
    study.tell(study.ask(), state=TrialState.FAIL)
    return made


def _finished(made: EvaluatedStudy, config: TrialConfig) -> None:
    *_, report = train(config)
    assert isinstance(report, TrialReport)
    trial = made.study.ask()
    folder = made.trial_folder(trial.number)
    write_report(report, config, folder)
    trial.set_user_attr("label", config.backbone)
    trial.set_user_attr("config", config.model_dump(mode="json"))
    trial.set_user_attr("start", {"folder": str(folder)})
    trial.set_user_attr("metrics", dict(report.metrics))
    made.study.tell(trial, report.metrics["val_acc"])
    made.reports[trial.number] = report


def _answered(made: EvaluatedStudy, number: int) -> None:
    trial = made.study.ask()
    trial.set_user_attr("metrics", dict(made.reports[number].metrics))
    trial.set_user_attr("end", {"repeat_of": number})
    made.study.tell(trial, made.reports[number].metrics["val_acc"])
