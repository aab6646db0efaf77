"""`Candidate`: which trained net it is, and how it was chosen without a look at the test split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Finalist:
    """One configuration that was trained again.

    Args:
        trial: of the study.
        values: of the metric, by repeat; NaN where a repeat gave none.
        mean, low, high: of these, with its 95 % interval; bounds are None where they cannot be
            told.
        reason: why it is out of question, in words; "" where it is not.
    """

    trial: int
    label: str
    values: tuple[float, ...]
    mean: float
    low: float | None
    high: float | None
    reason: str = ""


@dataclass(frozen=True)
class Candidate:
    """The net that is put forward.

    Args:
        study, trial, label: the configuration.
        repeats_study, repeats_trial, repeat: the training of it whose weights these are.
        run_id: of that training in MLflow.
        metric: by which it was chosen, on validation images.
        finalists: all that it was chosen among, best first.
        data, data_digest, split_digest: what it was trained on.
        seeds: of the repeats; the first one's first.
    """

    study: str
    trial: int
    label: str
    repeats_study: str
    repeats_trial: int
    repeat: int
    run_id: str
    metric: str
    finalists: tuple[Finalist, ...]
    data: str
    data_digest: str
    split_digest: str
    seed: int
    split_seed: int
    seeds: tuple[int, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)

    @property
    def finalist(self) -> Finalist:
        """Its configuration's own row."""
        return next(row for row in self.finalists if row.trial == self.trial)

    @property
    def words(self) -> str:
        """Such as `trial 7 of STUDY (vgg16 · 128 px)`."""
        return f"trial {self.trial} of {self.study} ({self.label})"

    def to_json(self) -> dict[str, Any]:
        """All of it."""
        return asdict(self)
