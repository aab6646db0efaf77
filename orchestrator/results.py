"""`SearchResult`: what a study holds, as frozen values, a DataFrame, or JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from orchestrator.study.spec import StudySpec


@dataclass(frozen=True)
class TrialResult:
    """One trial of a study.

    Args:
        state: `finished`, `pruned`, `failed`, `stopped`, `running` or `waiting`.
        reason: why it is in that state, in words; empty when it simply finished.
        params: what the space suggested.
        config: the whole TrialConfig, as JSON; empty while waiting.
        metrics: final figures by name.
        run_id: its MLflow run, once that is known.
        seconds: wall time of the trial.
        folder: where its files lie.
        started: Unix seconds, None while it waits.
        worker: host and process id, once it finished.
    """

    number: int
    label: str
    state: str
    reason: str
    params: Mapping[str, Any]
    config: Mapping[str, Any]
    metrics: Mapping[str, float]
    run_id: str | None
    seconds: float | None
    folder: str
    started: float | None = None
    worker: str = ""

    def to_json(self) -> dict[str, Any]:
        """The keys of `docs/json.md`; figures that are not finite become null."""
        wanted = ("number", "label", "state", "reason", "params", "metrics", "run_id", "seconds")
        row = {key: value for key, value in asdict(self).items() if key in wanted}
        return {**row, "metrics": {k: _finite(v) for k, v in self.metrics.items()}}


@dataclass(frozen=True)
class SearchResult:
    """A study as it stands, from `search()` or `load_study()`.

    Args:
        seconds: wall time of the last session, or None when loaded.
        stopped: why the search ended before its budget, in words; empty when it did not.
        unsent: what could not be sent to MLflow yet, in words; empty when all was.
    """

    spec: StudySpec
    storage: str
    results: tuple[TrialResult, ...]
    parent_run_id: str | None = None
    seconds: float | None = None
    stopped: str = ""
    unsent: str = ""

    @property
    def study(self) -> str:
        """The study's name."""
        return self.spec.name

    @property
    def tracking_uri(self) -> str:
        """Where MLflow's runs of this study are."""
        return self.spec.tracking_uri

    @property
    def experiment(self) -> str:
        """The MLflow experiment of this study."""
        return self.spec.experiment

    @property
    def objectives(self) -> list[dict[str, str]]:
        """Metric and direction of each objective."""
        return [objective.model_dump() for objective in self.spec.objectives]

    @property
    def left_out(self) -> list[dict[str, str]]:
        """Backbones that were not tried, with the reason."""
        return [item.model_dump() for item in self.spec.left_out]

    @property
    def ranked(self) -> tuple[TrialResult, ...]:
        """Finished trials, best by the first objective first; ties by number."""
        objective = self.spec.objectives[0]
        sign = -1.0 if objective.direction == "maximize" else 1.0
        done = [row for row in self.results if row.state == "finished"]
        return tuple(
            sorted(done, key=lambda r: (sign * r.metrics.get(objective.metric, math.nan), r.number))
        )

    @property
    def best(self) -> TrialResult | None:
        """The best finished trial by the first objective, or None."""
        return next(iter(self.ranked), None)

    @property
    def trials(self) -> pd.DataFrame:
        """One row a trial: number, label, state, reason, seconds, `params.*`, then the metrics."""
        import pandas as pd

        rows = [
            {
                "number": row.number,
                "label": row.label,
                "state": row.state,
                "reason": row.reason,
                "seconds": row.seconds,
                "run_id": row.run_id,
                **{f"params.{name}": value for name, value in row.params.items()},
                **row.metrics,
            }
            for row in self.results
        ]
        return pd.DataFrame(rows)

    def to_json(self) -> dict[str, Any]:
        """The object that `--json` prints; keys as in `docs/json.md`."""
        return {
            "study": self.study,
            "storage": self.storage,
            "tracking_uri": self.tracking_uri,
            "experiment": self.experiment,
            "parent_run_id": self.parent_run_id,
            "objectives": self.objectives,
            "labels_used": self.spec.split.labels_used,
            "best": self.best.to_json() if self.best else None,
            "trials": [row.to_json() for row in self.results],
            "left_out": self.left_out,
            "stopped": self.stopped,
            "unsent": self.unsent,
            "seconds": self.seconds,
        }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
