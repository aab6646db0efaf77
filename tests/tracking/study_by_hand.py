"""A study in a real Optuna storage, with trial folders written by hand after the contract."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd
from optuna.trial import TrialState
from safetensors.numpy import save_file

from orchestrator.study.spec import SPEC_KEY, StudySpec
from orchestrator.tracking.result import SyncResult
from orchestrator.tracking.sync import sync
from trainables.backbones import get_backbone
from trainables.config import TrialConfig

BORN = 1_790_000_000.0  # Unix seconds; the study's own past, so that no clock of a test matters
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
BACKBONES = ("tf_efficientnet_lite0", "vgg16", "alexnet")
EPS_255 = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)


@dataclass
class MadeStudy:
    """A study made by hand; `add_*` give the number of the trial they add."""

    storage: str
    name: str
    folder: Path
    tracking_uri: str
    study: optuna.Study
    labels: list[str] = field(default_factory=list)

    def sync(self, **options: Any) -> SyncResult:
        """`orchestrator sync`, without the study's pictures unless they are asked for."""
        return sync(self.storage, self.name, **{"pictures": False, **options})

    def add_finished(
        self,
        val_acc: float,
        *,
        backbone: str = "alexnet",
        lr: float = 3e-3,
        epochs: int = 6,
        history: bool = True,
    ) -> int:
        """A trial that went well, with all the files of the contract."""
        trial, folder, config = self._ask(backbone, lr, epochs)
        metrics = write_trial(
            folder, config, val_acc, began=self._began(trial.number), history=history
        )
        trial.set_user_attr("metrics", metrics)
        self._end(trial, "finished")
        self.study.tell(trial, val_acc)
        return trial.number

    def add_running(self, *, epochs: int = 3) -> int:
        """A trial that has come as far as `epochs`."""
        trial, folder, config = self._ask("vgg16", 1e-3, 6)
        write_config(folder, config)
        write_history(folder, epochs, 0.5, began=self._began(trial.number))
        return trial.number

    def add_unsuccessful(self, state: str, reason: str) -> int:
        """A `pruned` or `failed` one; a failed one has left its traceback."""
        trial, folder, config = self._ask("vgg16", 1e-2, 6)
        write_config(folder, config)
        if state == "failed":
            (folder / "error.txt").write_text("Traceback: boom\n")
        self._end(trial, state, reason=reason)
        ended = TrialState.PRUNED if state == "pruned" else TrialState.FAIL
        self.study.tell(trial, state=ended)
        return trial.number

    def finish_running(self, number: int, val_acc: float) -> None:
        """A running trial ends well."""
        frozen = self.study.get_trials(deepcopy=False)[number]
        trial = optuna.Trial(self.study, frozen._trial_id)
        config = TrialConfig.model_validate(frozen.user_attrs["config"])
        folder = Path(frozen.user_attrs["start"]["folder"])
        metrics = write_trial(folder, config, val_acc, began=self._began(number))
        trial.set_user_attr("metrics", metrics)
        self._end(trial, "finished")
        self.study.tell(trial, val_acc)

    def _began(self, number: int) -> float:
        return BORN + 10 + 20 * number

    def _ask(self, backbone: str, lr: float, epochs: int) -> tuple[Any, Path, TrialConfig]:
        self.study.enqueue_trial({"backbone": backbone, "lr": lr})
        trial = self.study.ask()
        trial.suggest_categorical("backbone", BACKBONES)
        trial.suggest_float("lr", 1e-4, 1e-1, log=True)
        config = TrialConfig(
            backbone=backbone,
            weights="random",
            input_size=64,
            lr=lr,
            epochs=epochs,
            train_size=200,
            val_size=100,
            robust_size=40,
        )
        folder = self.folder / "trials" / f"{trial.number:05d}"
        folder.mkdir(parents=True)
        label = f"{backbone} · 64 px · lr {lr:.0e}"
        self.labels.append(label)
        start = {
            "digest": config.digest,
            "folder": str(folder),
            "attempt": 1,
            "started": self._began(trial.number),
            "driver": f"{socket.gethostname()}:1:abcd",
            "exempt": False,
        }
        attributes = {"label": label, "config": config.model_dump(mode="json"), "start": start}
        for name, value in attributes.items():
            trial.set_user_attr(name, value)
        return trial, folder, config

    def _end(self, trial: optuna.Trial, state: str, *, reason: str = "", **more: object) -> None:
        ended = self._began(trial.number) + 15
        held = {"state": state, "reason": reason, "ended": ended, "seconds": 15.0}
        trial.set_user_attr("end", {**held, "worker": "here:1", **more})


def write_config(folder: Path, config: TrialConfig) -> None:
    """`config.json` as the contract has it."""
    (folder / "config.json").write_text(config.model_dump_json(indent=1))


def write_history(folder: Path, epochs: int, val_acc: float, *, began: float) -> dict[str, float]:
    """`history.json` of `epochs` epochs that approach `val_acc`; the last epoch's metrics."""
    rows = []
    for epoch in range(1, epochs + 1):
        missing = np.exp(-epoch)
        metrics = {
            "train_loss": 0.1 + 2 * missing,
            "val_loss": 0.5 + missing,
            "train_acc": 1 - 0.5 * missing,
            "val_acc": val_acc if epoch == epochs else val_acc * (1 - 0.5 * missing),
            "lr": 1e-3 * missing,
        }
        rows.append({"epoch": epoch, "time": began + epoch, "metrics": metrics})
    part = folder / "history.json.part"
    part.write_text(json.dumps(rows))
    part.replace(folder / "history.json")
    return dict(rows[-1]["metrics"])


def write_trial(
    folder: Path, config: TrialConfig, val_acc: float, *, began: float, history: bool = True
) -> dict[str, float]:
    """All files of a finished trial; its final metrics."""
    write_config(folder, config)
    last = write_history(folder, config.epochs, val_acc, began=began) if history else {}
    accuracy = [val_acc * share for share in (1, 0.8, 0.6, 0.3, 0.1, 0.03, 0.04)]
    worst = list(np.minimum.accumulate(accuracy))
    metrics = {
        **{name: last.get(name, 0.5) for name in ("train_loss", "val_loss")},
        "train_acc": 0.99,
        "val_acc": val_acc,
        "fgsm_acc": accuracy[5],
        "robust_acc": accuracy[5],
        "robust_score": 0.21,
        "train_seconds": 1.5,
        "extract_seconds": 8.0,
        "attack_seconds": 4.0,
        "attack_passes": 14.0,
        "robust_n": 40.0,
        **{f"fgsm_acc_eps_{eps:g}": a for eps, a in zip(EPS_255, accuracy, strict=True)},
    }
    _write_report(folder, metrics, accuracy, worst)
    _write_arrays(folder, get_backbone(config.backbone).features)
    return metrics


def _write_report(
    folder: Path, metrics: dict[str, float], accuracy: list[float], worst: list[float]
) -> None:
    random = np.random.default_rng(3)
    counts = np.diag(random.integers(6, 10, 10)) + random.integers(0, 2, (10, 10))
    report = {
        "schema": 1,
        "metrics": metrics,
        "classes": CLASSES,
        "digests": {"data": "d" * 16, "split": "5" * 16, "weights": "random-0"},
        "confusion": {"train": (2 * counts).tolist(), "val": counts.tolist()},
        "robustness": {
            "eps_255": EPS_255,
            "accuracy": accuracy,
            "worst_case": worst,
            "count": 40,
            "provenance": {
                "attack": "fgsm",
                "norm": "Linf",
                "resolution": 32,
                "alarms": [{"name": "zero_gradients", "figure": 0.4, "words": "40% are zero."}],
                "warnings": ["40% are zero."],
            },
        },
        "counts": {"train": 200, "val": 100, "robust": 40, "labels_used": 300},
    }
    (folder / "report.json").write_text(json.dumps(report))


def _write_arrays(folder: Path, features: int) -> None:
    random = np.random.default_rng(7)
    tiles = random.integers(0, 256, (8, 8, 8, 3), dtype=np.uint8)
    clean = tiles.repeat(4, axis=1).repeat(4, axis=2)
    signs = np.sign(random.normal(size=clean.shape))
    np.savez(
        folder / "examples.npz",
        eps_255=8.0,
        clean_NHWC=clean,
        attacked_NHWC=np.clip(clean / 255 + 8 / 255 * signs, 0, 1).astype(np.float32),
        labels_N=np.arange(8),
        clean_predicted_N=np.array([0, 1, 2, 3, 4, 3, 6, 7]),
        attacked_predicted_N=random.integers(0, 10, 8),
    )
    weight = random.normal(size=(10, features)).astype(np.float32) * 0.05
    save_file({"weight": weight, "bias": np.zeros(10, np.float32)}, folder / "weights.safetensors")
    frame = pd.DataFrame({"split": ["val"] * 3, "index": [1, 2, 3], "label": [0, 1, 2]})
    frame.assign(predicted=[0, 1, 1], p_0=[0.9, 0.1, 0.1]).to_parquet(
        folder / "predictions.parquet"
    )


def create_study(
    root: Path,
    tracking_uri: str | None = None,
    *,
    name: str = "compare-1",
    trials: int = 4,
    keep_models: int = 0,
    experiment: str = "orchestrator",
    created: float = BORN,
) -> MadeStudy:
    """An empty study in the folder `root`."""
    storage = f"sqlite:///{root}/optuna.db"
    uri = tracking_uri or f"sqlite:///{root}/mlflow.db"
    folder = root / ".orchestrator" / name
    spec = StudySpec.model_validate(
        {
            "name": name,
            "space": "backbone_compare",
            "space_version": 1,
            "space_question": "Which pretrained backbone, frozen, is the most accurate here?",
            "objectives": [{"metric": "val_acc", "direction": "maximize"}],
            "base_config": {"data": "cifar10", "split_seed": 0},
            "trials": trials,
            "seed": 0,
            "data": {"name": "cifar10", "digest": "d" * 16, "images": 50_000, "classes": CLASSES},
            "split": {
                "digest": "5" * 16, "train": 200, "val": 100, "robust": 40, "pool": 49_700,
                "test": 10_000, "labels_used": 300,
            },
            "backbones": BACKBONES,
            "left_out": [{"backbone": "densenet161", "reason": "the hub cannot be reached"}],
            "input_size_reason": "64 px is what the time allows.",
            "folder": folder,
            "tracking_uri": uri,
            "experiment": experiment,
            "keep_models": keep_models,
            "created": created,
            "git_commit": "abc123",
        }
    )  # fmt: skip
    study = optuna.create_study(storage=storage, study_name=name, direction="maximize")
    study.set_user_attr(SPEC_KEY, spec.model_dump(mode="json"))
    return MadeStudy(storage, name, folder, uri, study)
