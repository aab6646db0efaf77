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


class ConditionSpec(_Value):
    """A metric held against a bound: `robust_acc>=0.3`."""

    metric: str
    op: Literal[">=", "<="]
    bound: float

    def __str__(self) -> str:
        return f"{self.metric}{self.op}{self.bound:g}"

    def violation(self, value: float) -> float:
        """How far `value` is beyond the bound; 0 or less where it holds, as Optuna counts it."""
        return self.bound - value if self.op == ">=" else value - self.bound


class PrunerSpec(_Value):
    """A registered pruner and its options (`first_rung`, `reduction`, ...), all resolved."""

    name: str = "none"
    options: dict[str, float] = {}


class DataSpec(_Value):
    """The data set, as far as a study must know it; empty for a trainable of one's own."""

    name: str = ""
    digest: str = ""
    images: int = 0
    classes: tuple[str, ...] = ()


class SplitSpec(_Value):
    """The sizes of the splits; `labels_used` counts training and validation labels.

    `validation` is `split`, or `kfold:5x4` where folds of the training images stand for `val`.
    """

    digest: str = ""
    train: int = 0
    val: int = 0
    robust: int = 0
    pool: int = 0
    test: int = 0
    labels_used: int = 0
    validation: str = "split"


class LeftOut(_Value):
    """A backbone that is not tried, and why."""

    backbone: str
    reason: str


class ArmSpec(_Value):
    """A configuration that is run again: trial `of` of another study, in a line and in full."""

    of: int
    label: str
    overrides: dict[str, Any]


FINALISTS = "finalist"
"""What `by` says of a comparison that `orchestrator promote` made: its arms are single trials."""


class ComparisonSpec(_Value):
    """What a study of repeats compares: the best of `source` for each value of `by`.

    Args:
        arms: by the value that they stand for.
        repeats: runs of each.
        first_seed: of the first repeat, for its split and its training.
        tuned: finished trials that each arm is the best of.
    """

    source: str
    by: str
    arms: dict[str, ArmSpec]
    repeats: int
    first_seed: int = 1
    tuned: int


class StudySpec(_Value):
    """One search, as it was decided when it was created.

    Args:
        space_source: what finds the space again: its name, or the path of its file.
        base_config: the fields of TrialConfig that all trials share, as JSON.
        fixed: fields that `--set` fixed, as JSON: the space does not search them.
        input_sizes: what the space may choose among; empty when base_config says it.
        input_size_reason: why these, in words.
        plan_seconds: what the whole search is expected to take.
        parameters: the range of each parameter in words, to notice a space that has changed.
        trials: finished trials wanted.
        sampler: a registered one; never `auto`, which is resolved when the study is made.
        sampler_reason: why `auto` took this one, in words; "" where it was named.
        gate: the metric by epoch that the pruner looks at; None without a pruner.
        fidelity: what early stopping compares: `epochs` of one run, or whole short `runs`.
        exempt_share: share of the trials that are never stopped early, drawn at random.
        duplicates: what happens to a config that the study has finished already.
        tries, warm_start: points and studies that came first, as they were asked for.
        comparison: what a study that `orchestrator compare` made is about.
        folder: absolute; trial folders lie in it under `trials/`.
        trainable: `module:function` that runs a trial; `trainable_path` is put on its path.
        created: Unix seconds.
    """

    schema_version: int = 2
    name: str
    space: str
    space_source: str = ""
    space_version: int
    space_question: str
    objectives: tuple[ObjectiveSpec, ...]
    base_config: dict[str, Any] = {}
    fixed: dict[str, Any] = {}
    parameters: dict[str, str] = {}
    trials: int
    seed: int
    sampler: str = "tpe"
    sampler_reason: str = ""
    pruner: PrunerSpec = PrunerSpec()
    gate: ObjectiveSpec | None = None
    fidelity: Literal["epochs", "runs"] | None = None
    exempt_share: float = 0.125
    constraints: tuple[ConditionSpec, ...] = ()
    target: ConditionSpec | None = None
    max_failures: int = 10
    on_budget: Literal["finish", "checkpoint"] = "finish"
    duplicates: Literal["answer", "reseed", "run"] = "answer"
    tries: tuple[dict[str, Any], ...] = ()
    warm_start: tuple[str, ...] = ()
    data: DataSpec = DataSpec()
    split: SplitSpec = SplitSpec()
    backbones: tuple[str, ...] = ()
    weights_digests: dict[str, str] = {}
    left_out: tuple[LeftOut, ...] = ()
    input_sizes: tuple[int, ...] = ()
    input_size_reason: str = ""
    attack: dict[str, Any] = {}
    comparison: ComparisonSpec | None = None
    plan_seconds: float | None = None
    resources: dict[str, Any] = {}
    folder: Path
    tracking_uri: str
    experiment: str
    keep_models: int = 1
    trainable: str = "trainables.trial:train"
    trainable_path: str = ""
    created: float
    git_commit: str | None = None
    versions: dict[str, str] = {}

    @property
    def has_images(self) -> bool:
        """Whether trials are ours, over images; else they are a trainable of somebody's own."""
        return bool(self.data.name)
