"""A study of a trainable of somebody's own in a real Optuna storage, after the contract."""

from __future__ import annotations

import json
import shutil
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import FloatDistribution
from optuna.trial import TrialState

from orchestrator.study.spec import StudySpec
from orchestrator.study.store import create_study, open_storage
from orchestrator.tracking.result import SyncResult
from orchestrator.tracking.sync import sync

BORN = 1_790_000_000.0  # Unix seconds; the study's own past, so that no clock of a test matters
HERE = f"{socket.gethostname()}:1:abcd"
_STATES = {
    "finished": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "failed": TrialState.FAIL,
    "lost": TrialState.FAIL,
}


@dataclass
class PlainStudy:
    """The study; `start` and `end` write what a driver would, each trial 10 s after the last."""

    storage: str
    spec: StudySpec
    study: optuna.Study
    trials: dict[int, optuna.Trial] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def tracking_uri(self) -> str:
        return self.spec.tracking_uri

    def sync(self, **options: Any) -> SyncResult:
        """`orchestrator sync`, without the study's pictures unless they are asked for."""
        return sync(self.storage, self.name, **{"pictures": False, **options})

    def folder(self, number: int) -> Path:
        return self.spec.folder / "trials" / f"{number:05d}"

    def start(
        self,
        *,
        x: float = 0.5,
        origin: dict[str, str] | None = None,
        driver: str = HERE,
        exempt: bool = False,
        with_folder: bool = True,
    ) -> int:
        """A trial that runs, its folder made; its number."""
        attributes = {"origin": origin} if origin else {}
        self.study.enqueue_trial({"x": x}, user_attrs=attributes)
        trial = self.study.ask({"x": FloatDistribution(0, 10)})
        config = {"x": x, "seed": 0, "layers": [8, 4]}
        self._note(trial, label=f"x {x:g}", config=config)
        self._starting(trial, 1, driver=driver, exempt=exempt, with_folder=with_folder)
        return trial.number

    def _starting(self, trial: optuna.Trial, attempt: int, **more: Any) -> None:
        folder = self.folder(trial.number)
        folder = folder if attempt == 1 else folder.with_name(f"{folder.name}-{attempt}")
        start = {
            "digest": f"{trial.number:016x}",
            "folder": str(folder),
            "attempt": attempt,
            "losses": 0,
            "started": BORN + 10 * trial.number,
            "driver": more.get("driver", HERE),
            "exempt": more.get("exempt", False),
        }
        if more.get("with_folder", True):
            folder.mkdir(parents=True)
            (folder / "config.json").write_text(json.dumps(trial.user_attrs["config"]))
        self._note(trial, start=start)
        self.trials[trial.number] = trial

    def report(self, number: int, *scores: float, files: bool = True) -> None:
        """Further steps, a second apart: `score`, and `loss` = 1 / step."""
        trial = self.trials[number]
        held = {**self.study.get_trials(deepcopy=False)[number].intermediate_values}
        for score in scores:
            step = len(held) + 1
            held[step] = score
            trial.report(score, step)
        if files:
            self._write_history(number, held)

    def _write_history(self, number: int, held: dict[int, float]) -> None:
        folder = Path(self.trials[number].user_attrs["start"]["folder"])
        rows = [
            {
                "epoch": step,
                "time": BORN + 10 * number + step,
                "metrics": {"score": score, "loss": 1 / step},
            }
            for step, score in held.items()
        ]
        part = folder / "history.json.part"
        part.write_text(json.dumps(rows))
        part.replace(folder / "history.json")

    def end(
        self,
        number: int,
        state: str = "finished",
        *,
        metrics: dict[str, float] | None = None,
        reason: str = "",
        at: float | None = None,
        **more: Any,
    ) -> int:
        """How it ended; a finished one has `metrics` (its `score` is the objective)."""
        trial = self.trials[number]
        ended = BORN + 10 * number + 8 if at is None else at
        values = None
        if state == "finished":
            self._note(trial, metrics=metrics)
            values = [(metrics or {})[each.metric] for each in self.spec.objectives]
        end = {"state": state, "reason": reason, "ended": ended, "seconds": 8.0}
        self._note(trial, end={**end, "worker": "here:1", **more})
        self.study.tell(trial, values, state=_STATES[state])
        return number

    def give_back(self, number: int, reason: str = "stopped") -> None:
        """It waits under its own number."""
        trial = self.trials[number]
        ended = BORN + 10 * number + 5
        end = {"state": "stopped", "reason": reason, "ended": ended, "seconds": 5.0}
        self._note(trial, end=end)
        self.study._storage.set_trial_state_values(trial._trial_id, TrialState.WAITING)

    def go_on(self, number: int) -> None:
        """Its second attempt, with the history of the first."""
        old = Path(self.trials[number].user_attrs["start"]["folder"])
        trial = self.study.ask({"x": FloatDistribution(0, 10)})
        assert trial.number == number
        self._starting(trial, 2)
        if (history := old / "history.json").exists():
            shutil.copy(history, old.with_name(f"{old.name}-2"))

    def finished(self, *scores: float, **more: Any) -> int:
        """A whole trial with these scores by step, the last one final."""
        number = self.start(**more)
        self.report(number, *scores)
        return self.end(number, metrics={"score": scores[-1], "loss": 1 / len(scores)})

    def _note(self, trial: optuna.Trial, **attributes: object) -> None:
        for name, value in attributes.items():
            trial.set_user_attr(name, value)


def plain_study(root: Path, tracking_uri: str | None = None, **changes: Any) -> PlainStudy:
    """An empty study in the folder `root`; `changes` are fields of its spec."""
    root.mkdir(exist_ok=True)
    storage = f"sqlite:///{root}/optuna.db"
    fields: dict[str, Any] = {
        "name": "plain-1",
        "space": "numbers",
        "space_version": 1,
        "space_question": "Which x?",
        "objectives": [{"metric": "score", "direction": "maximize"}],
        "trials": 5,
        "seed": 0,
        "folder": root / ".orchestrator" / "plain-1",
        "tracking_uri": tracking_uri or f"sqlite:///{root}/mlflow.db",
        "experiment": "orchestrator",
        "trainable": "somewhere.mine:train",
        "created": BORN,
    }
    spec = StudySpec.model_validate({**fields, **changes})
    return PlainStudy(storage, spec, create_study(open_storage(storage), spec))
