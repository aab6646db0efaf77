"""What a search space is: a define-by-run function, its baselines, and the question it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Params = Mapping[str, Any]
"""Parameter names to values, as Optuna keeps them."""


class TrialLike(Protocol):
    """The part of `optuna.Trial` that a space uses, so that a space needs no import of Optuna."""

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """One of `choices`."""

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        """A float in [low, high]."""

    def suggest_int(
        self, name: str, low: int, high: int, *, step: int = 1, log: bool = False
    ) -> int:
        """An int in [low, high]."""


@dataclass(frozen=True)
class Objective:
    """A logged metric and which way is better."""

    metric: str
    maximize: bool = True

    @property
    def direction(self) -> str:
        """In Optuna's words."""
        return "maximize" if self.maximize else "minimize"


@dataclass(frozen=True)
class SpaceContext:
    """What a space may know of this study; frozen when the study is created.

    Args:
        backbones: names to choose among, in the order to try them.
        input_sizes: sizes to choose among, ascending; the last is the one to start from.
        own_sizes: by name, those of `backbones` that see images at a size of their own (nets from
            scratch), whatever the others see. A space gives it as their `input_size`; one that a
            person has fixed (`--set input_size=...`) wins all the same.
        train_size: labelled training images.
        defaults: every field of the trial's config as it stands when a space says nothing, so
            that baselines need no second list of defaults.
        arms, repeats: what a comparison runs again (`repeats.py`): overrides by name; how often.
        first_seed: of its first repeat; no trial that it goes back to had this one or a later one.
    """

    backbones: tuple[str, ...] = ()
    input_sizes: tuple[int, ...] = ()
    train_size: int = 0
    defaults: Params = field(default_factory=dict)
    own_sizes: Mapping[str, int] = field(default_factory=dict)
    arms: Mapping[str, Params] = field(default_factory=dict)
    repeats: int = 0
    first_seed: int = 1


def _no_points(context: SpaceContext) -> list[dict[str, Any]]:
    del context
    return []


@dataclass(frozen=True)
class Space:
    """One question, and the ranges to look for the answer in.

    A field of the trial's config has its value from the first of these that names it: `--set` and
    the other options, `fixed`, `suggest`, `defaults`, TrialConfig. An option that contradicts
    `fixed`, or that fixes what the space is `about`, leaves nothing to ask: it is an error.

    Args:
        name: what `orchestrator search NAME` says.
        question: one sentence: what a search over it answers.
        suggest: `suggest(trial, context) -> overrides`, fields of TrialConfig by name. Called by
            the engine once a trial, with a real `optuna.Trial`.
        baselines: `baselines(context) -> params` lists, known-good points that are tried first.
        objectives: what is optimised when nobody asks for something else.
        fidelity: what early stopping may compare. `epochs`: a trial may be stopped between two
            epochs (constant learning rates, say). `runs`: only whole short runs, each at its own
            number of `epochs`, since a cycle that is cut short is not a short cycle. None: no
            trial is ever stopped early.
        gate: the metric that early stopping looks at (default: the one objective).
        pruner: what stops early when nobody asks for something else, as `--pruner` takes it.
        grid: `grid(context) -> {parameter: values}`, where every combination can be tried.
        version: raised whenever ranges or baselines change, so that studies don't mix them.
        compares_backbones: whether the backbone is one of its parameters.
        compares_sizes: whether the input size is what it asks about: then it may choose among every
            size that there is time for, the images' own among them, not only the largest ones.
        fixed: fields that the question hangs on (`schedule=onecycle`), with their values.
        defaults: fields that start elsewhere than in TrialConfig; any option wins over them. Of a
            `train_size` here small data takes less, as of TrialConfig's own.
        about: fields that the question is about.
        backbones: names to try where nobody names any (default: all that have weights).
        sampler: what draws points when nobody asks for something else, as `--sampler` takes it.
        trials: finished trials at least where nobody says how many (default: twice the baselines).
    """

    name: str
    question: str
    suggest: Callable[[TrialLike, SpaceContext], Params]
    baselines: Callable[[SpaceContext], list[dict[str, Any]]] = _no_points
    objectives: tuple[Objective, ...] = (Objective("val_acc"),)
    fidelity: Literal["epochs", "runs"] | None = None
    gate: Objective | None = None
    pruner: str = "none"
    grid: Callable[[SpaceContext], Mapping[str, Sequence[Any]]] | None = None
    version: int = 1
    compares_backbones: bool = False
    compares_sizes: bool = False
    fixed: Params = field(default_factory=dict, hash=False)
    defaults: Params = field(default_factory=dict, hash=False)
    about: tuple[str, ...] = ()
    backbones: tuple[str, ...] = ()
    sampler: str = "auto"
    trials: int = 0
