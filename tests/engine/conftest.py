"""A study on a toy trainable, with everything that drives it but a runner."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
import pytest
from toy_spaces import PARABOLA

from orchestrator.board import Board
from orchestrator.stop import StopRequest
from orchestrator.study.budget import Budget
from orchestrator.study.conductor import Conductor
from orchestrator.study.sampling import stopper_of
from orchestrator.study.spec import ObjectiveSpec, StudySpec
from orchestrator.study.store import create_study, load_study, open_storage
from search_spaces.space import Space, SpaceContext

HERE = Path(__file__).parent


@dataclass
class Toy:
    """One toy study and what steers it."""

    study: optuna.Study
    conductor: Conductor
    board: Board
    stop: StopRequest
    spec: StudySpec
    uri: str
    space: Space

    def again(self) -> None:
        """A new session of the same study, as after a restart of the driver."""
        self.stop = StopRequest()
        self.study = load_study(open_storage(self.uri), self.spec.name, self.study.sampler)
        self.conductor = Conductor(
            self.study,
            self.spec,
            self.space,
            SpaceContext(),
            board=self.board,
            stop=self.stop,
            stopper=stopper_of(self.study, self.spec),
        )

    def states(self) -> list[str]:
        return [trial.state.name for trial in self.study.get_trials()]


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[Callable[..., Toy]]:
    """Makes a toy study: `toy("quadratic", trials=5, space=PARABOLA, **base_config)`."""
    uri = f"sqlite:///{tmp_path}/optuna.db"

    def make(
        trainable: str,
        *,
        trials: int = 3,
        space: Space = PARABOLA,
        fixed: dict[str, object] | None = None,
        spec_fields: dict[str, Any] | None = None,
        budget: Budget | None = None,
        name: str = "toy",
        **config: object,
    ) -> Toy:
        spec = StudySpec(
            name=name,
            space=space.name,
            space_version=1,
            space_question=space.question,
            base_config={"epochs": 3, **config},
            fixed=fixed or {},
            trials=trials,
            seed=0,
            **{"objectives": (ObjectiveSpec(metric="val_acc"),), **(spec_fields or {})},
            folder=tmp_path / name,
            tracking_uri="",
            experiment="toy",
            trainable=f"toys:{trainable}",
            trainable_path=str(HERE),
            created=time.time(),
        )
        study = create_study(open_storage(uri), spec)
        study.sampler = optuna.samplers.RandomSampler(seed=0)
        board = Board(name, total=trials, metric="val_acc")
        stop = StopRequest()
        conductor = Conductor(
            study,
            spec,
            space,
            SpaceContext(),
            board=board,
            stop=stop,
            budget=budget or Budget(trials, target=spec.target, failures_allowed=spec.max_failures),
            stopper=stopper_of(study, spec),
        )
        return Toy(study, conductor, board, stop, spec, uri, space)

    yield make
