"""`SearchResult`: what a study holds, as frozen values, a DataFrame, or JSON."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestrator.study.facts import TrialFacts
from orchestrator.study.pareto import broken, pareto_front
from orchestrator.study.ranking import best, ranked

if TYPE_CHECKING:
    import pandas as pd

    from orchestrator.study.spec import StudySpec

_PLAIN = ("number", "label", "state", "reason", "params", "run_id", "seconds")
_MORE = ("origin", "of", "repeat", "counts", "attempt", "exempt", "stopped_at")


@dataclass(frozen=True)
class TrialResult(TrialFacts):
    """One trial of a study: what the study holds of it, and its MLflow run, once that is known."""

    run_id: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The keys of `docs/json.md`; figures that are not finite become null."""
        return {
            **{key: getattr(self, key) for key in (*_PLAIN, *_MORE)},
            "params": dict(self.params),
            "values": [_finite(value) for value in self.values],
            "metrics": {name: _finite(value) for name, value in self.metrics.items()},
        }


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
        """Finished trials, best by the first objective first; ties by number.

        Those that break a constraint come last. Warm starts and answered repeats are left out.
        """
        return ranked(self.results, self.spec)

    @property
    def best(self) -> TrialResult | None:
        """The best finished trial by the first objective that holds all constraints, or None."""
        return best(self.results, self.spec)

    @property
    def front(self) -> tuple[TrialResult, ...]:
        """The Pareto front, by number: trials that no other beats in every objective.

        They hold all constraints. The trials of a warm start are known results like any other.
        """
        front = set(pareto_front(self.results, self.spec))
        return tuple(row for row in self.results if row.number in front)

    def broken(self, trial: TrialResult) -> tuple[str, ...]:
        """The constraints that a finished trial does not hold, as they were asked for."""
        return broken(trial, self.spec) if trial.state == "finished" else ()

    @property
    def trials(self) -> pd.DataFrame:
        """One row a trial: number, label, state, what it is, `params.*`, then the metrics.

        A metric that is called like one of the other columns is `metrics.NAME`.
        """
        import pandas as pd

        return pd.DataFrame([self._columns(row) for row in self.results])

    def to_json(self) -> dict[str, Any]:
        """The object that `--json` prints; keys as in `docs/json.md`."""
        from orchestrator.label_curves import read_label_curves
        from orchestrator.label_curves.table import curves_json

        return {
            "study": self.study,
            "storage": self.storage,
            "tracking_uri": self.tracking_uri,
            "experiment": self.experiment,
            "parent_run_id": self.parent_run_id,
            "objectives": self.objectives,
            "labels_used": self.spec.split.labels_used,
            "validation": self.spec.split.validation if self.spec.has_images else "",
            "constraints": [str(condition) for condition in self.spec.constraints],
            "best": self._row(self.best) if self.best else None,
            "front": [row.number for row in self.front] if len(self.objectives) > 1 else [],
            "trials": [self._row(row) for row in self.results],
            "left_out": self.left_out,
            "label_curves": curves_json(read_label_curves(self.results, self.spec)),
            "stopped": self.stopped,
            "unsent": self.unsent,
            "seconds": self.seconds,
        }

    def _columns(self, trial: TrialResult) -> dict[str, Any]:
        columns = {key: getattr(trial, key) for key in (*_PLAIN, *_MORE) if key != "params"}
        columns["broken"] = ", ".join(self.broken(trial))
        columns.update({f"params.{name}": value for name, value in trial.params.items()})
        metrics = trial.metrics.items()
        return {**columns, **{f"metrics.{n}" if n in columns else n: v for n, v in metrics}}

    def _row(self, trial: TrialResult) -> dict[str, Any]:
        return {**trial.to_json(), "broken": list(self.broken(trial))}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
