"""`StudySpec`: everything a search needs to go on, frozen when its study is created.

It lies in `study.user_attrs["spec"]`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

SPEC_KEY = "spec"


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class ObjectiveSpec(_Value):
    """A metric to optimise and its direction, in Optuna's words."""

    metric: str
    direction: Literal["maximize", "minimize"] = "maximize"


class DataSpec(_Value):
    """The data set, as far as a study must know it."""

    name: str
    digest: str
    images: int
    classes: tuple[str, ...]


class SplitSpec(_Value):
    """The sizes of the splits; `labels_used` counts training and validation labels."""

    digest: str
    train: int
    val: int
    robust: int
    pool: int
    test: int
    labels_used: int


class LeftOut(_Value):
    """A backbone that is not tried, and why."""

    backbone: str
    reason: str


class StudySpec(_Value):
    """One search, as it was decided when it was created.

    Args:
        space_source: what finds the space again: its name, or the path of its file.
        base_config: the fields of TrialConfig that all trials share, as JSON.
        fixed: fields that `--set` fixed, as JSON: the space does not search them.
        input_sizes: what the space may choose among; empty when base_config says it.
        input_size_reason: why these, in words.
        plan_seconds: what the whole search is expected to take.
        trials: finished trials wanted.
        folder: absolute; trial folders lie in it under `trials/`.
        trainable: `module:function` that runs a trial.
        created: Unix seconds.
    """

    schema_version: int = 1
    name: str
    space: str
    space_source: str = ""
    space_version: int
    space_question: str
    objectives: tuple[ObjectiveSpec, ...]
    base_config: dict[str, Any]
    fixed: dict[str, Any] = {}
    trials: int
    seed: int
    data: DataSpec
    split: SplitSpec
    backbones: tuple[str, ...]
    weights_digests: dict[str, str] = {}
    left_out: tuple[LeftOut, ...] = ()
    input_sizes: tuple[int, ...] = ()
    input_size_reason: str = ""
    attack: dict[str, Any] = {}
    plan_seconds: float | None = None
    resources: dict[str, Any] = {}
    folder: Path
    tracking_uri: str
    experiment: str
    keep_models: int = 1
    trainable: str = "trainables.trial:train"
    created: float
    git_commit: str | None = None
    versions: dict[str, str] = {}
