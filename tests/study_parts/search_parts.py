"""Toy spaces, storages and searches for the contract of samplers: with kills, and without."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import BaseStorage, InMemoryStorage
from optuna.trial import FrozenTrial, TrialState

from orchestrator.study.queue import enqueue
from orchestrator.study.samplers import SamplerNeeds, make_sampler
from orchestrator.study.samplers.failures import FAILURE
from orchestrator.study.store import open_storage

Open = Callable[[], BaseStorage]
"""Opens one storage, anew at each call, as a new process would."""


def storages(folder: Path) -> dict[str, Open]:
    """The kinds of storage that need no server."""
    memory = InMemoryStorage()
    return {
        "memory": lambda: memory,
        "sqlite": lambda: open_storage(f"sqlite:///{folder}/study.db"),
    }


@dataclass(frozen=True)
class Toy:
    """A space: what it suggests, and a grid of it."""

    suggest: Callable[[Any], dict[str, Any]]
    grid: Mapping[str, tuple[Any, ...]]


def _mixed(trial: Any) -> dict[str, Any]:
    return {
        "x": trial.suggest_float("x", -1, 1),
        "lr": trial.suggest_float("lr", 1e-4, 1, log=True),
        "depth": trial.suggest_int("depth", 1, 40),
        "width": trial.suggest_int("width", 8, 512, log=True),
        "kind": trial.suggest_categorical("kind", ["a", "b", "c"]),
    }


def _branching(trial: Any) -> dict[str, Any]:
    found = {"x": trial.suggest_float("x", -1, 1)}
    found["head"] = trial.suggest_categorical("head", ["linear", "deep"])
    if found["head"] == "deep":
        found["depth"] = trial.suggest_int("depth", 1, 9)
        found["dropout"] = trial.suggest_float("dropout", 0, 0.5)
    return found


def _choices(trial: Any) -> dict[str, Any]:
    return {
        "a": trial.suggest_categorical("a", [1, 2, 4, 8]),
        "b": trial.suggest_categorical("b", ["x", "y", "z"]),
        "c": trial.suggest_categorical("c", [True, False]),
    }


TOYS = {
    "mixed": Toy(
        _mixed,
        {
            "x": (-1.0, 0.0, 1.0),
            "lr": (1e-3, 1e-2),
            "depth": (1, 40),
            "width": (8, 64),
            "kind": ("a", "b", "c"),
        },
    ),
    "one": Toy(
        lambda trial: {"lr": trial.suggest_float("lr", 1e-5, 10, log=True)},
        {"lr": tuple(10.0**power for power in range(-5, 2))},
    ),
    "pair": Toy(
        lambda trial: {"x": trial.suggest_float("x", -1, 1), "lr": trial.suggest_float("lr", 1, 2)},
        {"x": (-1.0, -0.5, 0.0, 0.5, 1.0), "lr": (1.0, 1.5, 2.0)},
    ),
    "choices": Toy(_choices, {"a": (1, 2, 4, 8), "b": ("x", "y", "z"), "c": (True, False)}),
    "branching": Toy(
        _branching,
        {"x": (-1.0, 1.0), "head": ("linear", "deep"), "depth": (1, 5), "dropout": (0.0, 0.5)},
    ),
}


def answer(params: Mapping[str, Any], objectives: int) -> list[float]:
    """Fixed figures of a point: the same in every run."""
    code = sum(
        (place + 1) * (math.log(value) if name in ("lr", "width") else float(value))
        if isinstance(value, int | float)
        else len(str(value)) * 0.1
        for place, (name, value) in enumerate(sorted(params.items()))
    )
    return [(code - 0.3) ** 2, abs(code + 0.5)][:objectives]


def open_study(storage: BaseStorage, name: str, needs: SamplerNeeds) -> optuna.Study:
    """The study `toy` with a sampler of its own, as a driver that has just started opens it."""
    return optuna.create_study(
        storage=storage,
        study_name="toy",
        sampler=make_sampler(name, needs),
        directions=["minimize"] * needs.objectives,
        load_if_exists=True,
    )


class Killed(Exception):
    """The driver died."""


class DyingTrial:
    """Suggests so many parameters, then its driver dies."""

    def __init__(self, trial: optuna.Trial, after: int) -> None:
        self._trial, self._left = trial, after

    def __getattr__(self, name: str) -> Any:
        if self._left == 0:
            raise Killed
        self._left -= 1
        return getattr(self._trial, name)


def search(
    opened: Open,
    name: str,
    toy: Toy,
    needs: SamplerNeeds,
    *,
    trials: int,
    kills: Mapping[int, tuple[str, int]] = {},
    failures: Callable[[Mapping[str, Any]], bool] = lambda params: False,
    first: tuple[dict[str, Any], ...] = (),
) -> list[dict[str, Any]]:
    """The parameters of `trials` trials in the order of their first start.

    Args:
        kills: by how many trials have ended: how the trial is put back when the search goes on,
            `waiting` or `successor`, and after how many parameters its driver died.
        failures: where in the space trials fail, which end without counting.
        first: points that are enqueued, as baselines are.
    """
    study = open_study(opened(), name, needs)
    for point in first:
        enqueue(study, point, "baseline")
    left = dict(kills)
    while (done := ended(study)) < trials:
        trial = study.ask()
        how, after = left.pop(done, ("", 99))
        try:
            params = toy.suggest(DyingTrial(trial, after) if how else trial)
            if how:
                raise Killed
        except Killed:
            study = open_study(opened(), name, needs)
            put_back(study, trial.number, how)
            continue
        if failures(params):
            fail(study, trial)
            continue
        for key, value in constraints(params, needs):
            trial.set_constraint(key, value)
        study.tell(trial, answer(params, needs.objectives))
    return uninterrupted(study)


def constraints(params: Mapping[str, Any], needs: SamplerNeeds) -> list[tuple[str, float]]:
    """One that about half of the points break, where the search has any."""
    return [("small", answer(params, 1)[0] - 1.0)] if needs.constrained else []


def fail(study: optuna.Study, trial: optuna.Trial) -> None:
    """As `Teller` tells it."""
    trial.set_user_attr("end", {"state": "failed", FAILURE: "bug"})
    study.tell(trial, state=TrialState.FAIL)


def ended(study: optuna.Study) -> int:
    """How many trials have finished."""
    return len(study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)))


def put_back(study: optuna.Study, number: int, how: str) -> None:
    """As one driver does with a trial of its own, or several drivers with another's."""
    trial = study.get_trials(deepcopy=False)[number]
    if how == "waiting":
        study._storage.set_trial_state_values(trial._trial_id, TrialState.WAITING)
        return
    study._storage.set_trial_state_values(trial._trial_id, TrialState.FAIL)
    params = {**trial.system_attrs.get("fixed_params", {}), **trial.params}
    enqueue(study, params, "successor", of=str(number), more=trial.system_attrs)


def uninterrupted(study: optuna.Study) -> list[dict[str, Any]]:
    """The parameters of finished trials, each at the place of the first that it stands for."""
    trials = study.get_trials(deepcopy=False)

    def place(trial: FrozenTrial) -> int:
        origin = trial.user_attrs.get("origin", {})
        of = origin.get("of", "")
        return place(trials[int(of)]) if origin.get("kind") == "successor" else trial.number

    done = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    return [trial.params for trial in sorted(done, key=place)]
