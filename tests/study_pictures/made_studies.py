"""Studies with made-up trials: a real Optuna study and sampler, an analytic objective, two workers.

What trials reach is known by formula, so that pictures and reports can be held to it.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import optuna

from orchestrator.study.facts import TrialFacts, read_facts
from orchestrator.study.spec import ConditionSpec, DataSpec, ObjectiveSpec, PrunerSpec, StudySpec

optuna.logging.set_verbosity(optuna.logging.WARNING)

BORN = 1_790_000_000.0  # Unix seconds; no clock of a test matters
BACKBONES = ("tf_efficientnet_lite0", "tf_efficientnet_lite2", "mobilenet_v2", "vgg16")
_LIFT = dict(zip(BACKBONES, (0.0, 0.03, -0.03, -0.08), strict=True))
_PACE = dict(zip(BACKBONES, (2.0, 3.5, 2.5, 9.0), strict=True))  # seconds an epoch
RUNGS = (1, 3, 9)


def made_spec(**changes: Any) -> StudySpec:
    """A spec of a study over images that stops early, with `changes`."""
    acc = ObjectiveSpec(metric="val_acc")
    spec = StudySpec(
        name="made",
        space="made",
        space_version=1,
        space_question="Which?",
        objectives=(acc,),
        trials=40,
        seed=0,
        pruner=PrunerSpec(name="asha"),
        gate=acc,
        fidelity="epochs",
        data=DataSpec(name="cifar10"),
        folder=Path("/nowhere"),
        tracking_uri="",
        experiment="",
        created=BORN,
    )
    return spec.model_copy(update=changes)


def facts(number: int, value: float | None = None, **changes: Any) -> TrialFacts:
    """A finished trial that reached `value`, written by hand."""
    held: dict[str, Any] = {"state": "finished", "label": f"trial {number}"}
    if value is not None:
        held |= {"values": (value,), "metrics": {"val_acc": value}}
    return TrialFacts(number, **{**held, **changes})


@dataclass
class MadeStudy:
    """Runs made-up trials on `workers` workers; see `run`."""

    spec: StudySpec = field(default_factory=made_spec)
    workers: int = 2
    seed: int = 0
    epochs: int = 12
    conditional: bool = False
    random: bool = False
    clock: float = BORN
    study: optuna.Study = field(init=False)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        directions = [objective.direction for objective in self.spec.objectives]
        kind = optuna.samplers.RandomSampler if self.random else optuna.samplers.TPESampler
        self.study = optuna.create_study(directions=directions, sampler=kind(seed=self.seed))
        self.sessions = 0

    def run(self, trials: int, *, pause: float = 0.0) -> MadeStudy:
        """`trials` trials in a session of their own, `pause` seconds after the last one."""
        self.sessions += 1
        self.clock += pause
        free = [(self.clock + 0.5 * worker, worker) for worker in range(self.workers)]
        for _ in range(trials):
            moment, worker = heapq.heappop(free)
            took = self._trial(moment, worker)
            heapq.heappush(free, (moment + took + 0.2 + 2 * self.rng.random(), worker))
        self.clock = max(moment for moment, _ in free)
        return self

    def ask(self, moment: float | None = None) -> optuna.Trial:
        """A trial that is running."""
        trial = self.study.ask()
        backbone = trial.suggest_categorical("backbone", BACKBONES)
        lr = trial.suggest_float("lr", 1e-4, 1e-1, log=True)
        trial.suggest_float("weight_decay", 1e-6, 1e-2, log=True)
        if not self.conditional or backbone != "vgg16":
            trial.suggest_float("dropout", 0.0, 0.6)
        trial.suggest_int("batch_size", 32, 512, log=True)
        start = {
            "started": self.clock if moment is None else moment,
            "driver": f"node-7:{1000 + self.sessions}:ab12",
            "exempt": bool(self.rng.random() < self.spec.exempt_share),
        }
        trial.set_user_attr("label", f"{backbone} · lr {lr:.0e}")
        trial.set_user_attr("config", {"backbone": backbone, "epochs": self.epochs})
        trial.set_user_attr("start", start)
        return trial

    def end(
        self, trial: optuna.Trial, state: str, took: float, worker: int = 0, **more: Any
    ) -> None:
        """Note how a trial ended; telling the study is up to the caller."""
        started = trial.user_attrs["start"]["started"]
        held = {"state": state, "reason": "", "ended": started + took, "seconds": took}
        name = f"node-7:{4000 + 10 * self.sessions + worker}"
        trial.set_user_attr("end", {**held, "worker": name, **more})

    @property
    def facts(self) -> tuple[TrialFacts, ...]:
        """All trials as they are read."""
        return tuple(read_facts(trial) for trial in self.study.get_trials(deepcopy=False))

    def _trial(self, moment: float, worker: int) -> float:
        trial = self.ask(moment)
        pace = _PACE[trial.params["backbone"]] * (1 + 20 / trial.params["batch_size"])
        luck = self.rng.random()
        if luck < 0.04:
            self.end(trial, "failed", 3.0, worker, reason="the loss was not finite")
            self.study.tell(trial, state=optuna.trial.TrialState.FAIL)
            return 3.0
        final = accuracy(trial.params) + float(self.rng.normal(0, 0.006))
        rate = 1.5 + 2 * self.rng.random()
        stopped_at = None
        steps: dict[int, float] = {}
        for epoch in range(1, self.epochs + 1):
            noise = float(self.rng.normal(0, 0.01)) * (epoch < self.epochs)
            steps[epoch] = final - 0.25 * math.exp(-epoch / rate) + noise
            self._report(trial, epoch, steps[epoch])
            if stopped_at is None and epoch in RUNGS and self._is_low(epoch, steps[epoch]):
                stopped_at = epoch
                if self.spec.gate and not trial.user_attrs["start"]["exempt"]:
                    return self._stop(trial, worker, pace, epoch)
        took = pace * self.epochs + 4
        metrics = self._metrics(trial, steps[self.epochs], took)
        trial.set_user_attr("metrics", metrics)
        self.end(trial, "finished", took, worker, stopped_at=stopped_at)
        self.study.tell(trial, [metrics[each.metric] for each in self.spec.objectives])
        return took

    def _metrics(self, trial: optuna.Trial, final: float, took: float) -> dict[str, float]:
        lr = math.log10(trial.params["lr"])
        robust = 0.30 - 0.6 * (final - 0.7) + 0.05 * (lr + 2.5) + float(self.rng.normal(0, 0.01))
        return {"val_acc": final, "robust_score": max(0.0, robust), "train_seconds": took}

    def _stop(self, trial: optuna.Trial, worker: int, pace: float, epoch: int) -> float:
        took = pace * epoch + 1
        reason = f"stopped early at epoch {epoch}: below the median"
        self.end(trial, "pruned", took, worker, reason=reason, stopped_at=epoch)
        self.study.tell(trial, state=optuna.trial.TrialState.PRUNED)
        return took

    def _report(self, trial: optuna.Trial, epoch: int, value: float) -> None:
        if len(self.spec.objectives) == 1:
            trial.report(value, epoch)
        else:
            held = trial.user_attrs.get("gate", {})
            trial.set_user_attr("gate", {**held, str(epoch): value})

    def _is_low(self, epoch: int, value: float) -> bool:
        others = (
            [trial.steps[epoch] for trial in self.facts if epoch in trial.steps and trial.ended]
            if self.spec.gate
            else []
        )
        return len(others) >= 4 and value < float(np.median(others))


def accuracy(params: dict[str, Any]) -> float:
    """What a config reaches without noise: best at lr 3e-3 and dropout 0.3."""
    lr, dropout = math.log10(params["lr"]), params.get("dropout", 0.3)
    return 0.82 + _LIFT[params["backbone"]] - 0.05 * (lr + 2.5) ** 2 - 0.2 * (dropout - 0.3) ** 2


def two_objectives(**changes: Any) -> StudySpec:
    """Accuracy up, seconds down; the gate is accuracy."""
    objectives = (
        ObjectiveSpec(metric="val_acc"),
        ObjectiveSpec(metric="train_seconds", direction="minimize"),
    )
    return made_spec(objectives=objectives, **changes)


def three_objectives(**changes: Any) -> StudySpec:
    """Accuracy and robustness up, seconds down."""
    objectives = (
        ObjectiveSpec(metric="val_acc"),
        ObjectiveSpec(metric="robust_score"),
        ObjectiveSpec(metric="train_seconds", direction="minimize"),
    )
    return made_spec(objectives=objectives, **changes)


def numbered(trials: Sequence[TrialFacts]) -> dict[int, TrialFacts]:
    """Trials by their numbers."""
    return {trial.number: trial for trial in trials}


__all__ = [
    "BORN",
    "ConditionSpec",
    "MadeStudy",
    "accuracy",
    "facts",
    "made_spec",
    "numbered",
    "three_objectives",
    "two_objectives",
]
