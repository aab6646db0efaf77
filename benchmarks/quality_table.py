"""`ResultTable`: real results of every point of a grid, so that a search can be replayed on them.

Built once in parts, each a file under `ORCHESTRATOR_HOME/benchmarks/NAME/`: a build that was
interrupted goes on where it stood. Never in git.

Shapes: S splits (or seeds), then one axis a parameter, then E epochs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trainables.home import home

METRICS = ("val_acc", "val_loss")
Part = Mapping[str, np.ndarray]
"""A metric's figures by its name."""


@dataclass(frozen=True, eq=False)
class ResultTable:
    """What every point of a grid gave.

    Args:
        levels: the values of each parameter, in the order of the axes.
        epochs: of a full run.
        curves: by metric, [S, ..., E]: after each epoch of the full run.
        short: by a short run's number of epochs, by metric, [S, ...]: what that run ended with.
    """

    name: str
    levels: Mapping[str, tuple[Any, ...]]
    epochs: int
    curves: Mapping[str, np.ndarray]
    short: Mapping[int, Mapping[str, np.ndarray]]

    @property
    def splits(self) -> int:
        """S."""
        return len(self.curves["val_acc"])

    @property
    def configs(self) -> int:
        """Points of the grid."""
        return int(np.prod([len(values) for values in self.levels.values()]))

    def place(self, point: Mapping[str, Any]) -> tuple[int, ...]:
        """The indices of a point of the grid."""
        return tuple(values.index(point[name]) for name, values in self.levels.items())

    def best(self, split: int, metric: str) -> float:
        """The best figure after a full run."""
        final = self.curves[metric][split, ..., -1]
        return float(final.min() if metric.endswith("loss") else final.max())


def tables_folder(name: str) -> Path:
    """Where the parts of a table lie."""
    return home() / "benchmarks" / name


def part(folder: Path, name: str, make: Callable[[], Part]) -> dict[str, np.ndarray]:
    """The part `name`, made if it is not there yet; whole or not at all."""
    path = folder / f"{name}.npz"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        beside = folder / f".{name}.writing.npz"
        np.savez_compressed(beside, **{key: np.asarray(value) for key, value in make().items()})
        beside.rename(path)
    with np.load(path) as held:
        return {key: held[key] for key in held.files}


def stacked(parts: Iterable[Part], axis: int) -> dict[str, np.ndarray]:
    """Parts side by side along a new axis."""
    held = list(parts)
    return {metric: np.stack([each[metric] for each in held], axis) for metric in METRICS}
