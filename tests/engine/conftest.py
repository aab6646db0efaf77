"""A study on a toy trainable, with everything that drives it but a runner."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import optuna
import pytest
from toy_spaces import PARABOLA

from orchestrator.board import Board
from orchestrator.stop import StopRequest
from orchestrator.study.conductor import Conductor
from orchestrator.study.spec import DataSpec, ObjectiveSpec, SplitSpec, StudySpec
from orchestrator.study.store import create_study, open_storage
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

    def states(self) -> list[str]:
        return [trial.state.name for trial in self.study.get_trials()]


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Toy]]:
    """Makes a toy study: `toy("quadratic", trials=5, space=PARABOLA, **base_config)`."""
    monkeypatch.setenv("PYTHONPATH", str(HERE))  # Ray's workers find `toys` there
    uri = f"sqlite:///{tmp_path}/optuna.db"

    def make(
        trainable: str,
        *,
        trials: int = 3,
        space: Space = PARABOLA,
        fixed: dict[str, object] | None = None,
        deadline: float | None = None,
        **config: object,
    ) -> Toy:
        spec = StudySpec(
            name="toy",
            space=space.name,
            space_version=1,
            space_question=space.question,
            objectives=(ObjectiveSpec(metric="val_acc"),),
            base_config={"epochs": 3, **config},
            fixed=fixed or {},
            trials=trials,
            seed=0,
            data=DataSpec(name="none", digest="0", images=0, classes=()),
            split=SplitSpec(digest="0", train=1, val=1, robust=1, pool=0, test=0, labels_used=2),
            backbones=(),
            folder=tmp_path / "toy",
            tracking_uri="",
            experiment="toy",
            trainable=f"toys:{trainable}",
            created=time.time(),
        )
        study = create_study(open_storage(uri), spec)
        study.sampler = optuna.samplers.RandomSampler(seed=0)
        board = Board("toy", total=trials, metric="val_acc")
        stop = StopRequest()
        conductor = Conductor(
            study, spec, space, SpaceContext(), board=board, stop=stop, deadline=deadline
        )
        return Toy(study, conductor, board, stop, spec, uri)

    yield make
