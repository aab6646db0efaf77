"""What a sampler is made from, and what each kind of sampler can do."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from search_spaces.exploring import Parameter

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler

    from orchestrator.study.samplers.failures import ShowFailures


@dataclass(frozen=True)
class SamplerNeeds:
    """One search, as far as a sampler must know it.

    Args:
        seed: of the search; any whole number.
        objectives: how many.
        constrained: whether trials carry constraints (`Trial.set_constraint`).
        trials: finished trials wanted; 0 where nobody knows.
        parameters: of the space, without those that are fixed; may be empty in a test.
        grid: values to try by parameter, where the space declares them.
        draw: which draw of the sampler this is, 0 for the first; set by `SeededSampler`.
        stream: names the random numbers of this draw; set by `SeededSampler`.
        known: what a sampler worked out in earlier draws and need not work out again. A draw must
            come out the same without it.
    """

    seed: int
    objectives: int = 1
    constrained: bool = False
    trials: int = 0
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    grid: Mapping[str, Sequence[Any]] | None = None
    draw: int = 0
    stream: str = ""
    known: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def steady_seed(self) -> int:
        """The same in every draw, 32 bits."""
        return _mixed(f"{self.seed}")

    @property
    def draw_seed(self) -> int:
        """Another one in every draw, 32 bits."""
        return _mixed(f"{self.seed}/{self.stream}")


@dataclass(frozen=True)
class SamplerKind:
    """A sampler that can be chosen by name, and what it can do.

    Args:
        name: as `--sampler` takes it.
        sentence: what it does, in one.
        make: called anew for each draw, with `draw` and `stream` set; what it makes keeps nothing
            in memory that the next draw needs, so that a restart changes nothing. Optuna's
            `before_trial` and `after_trial` are not called.
        objectives: (fewest, most) that it takes; most is None where there is no limit.
        constraints: False where it would optimise as if there were none. True also of one that
            looks at no results at all.
        conditional: True where it learns about parameters that only some branches of a space have;
            one that does not draws these at random.
        categorical: True where it learns about choices, not only about numbers.
        failures: what it is shown of trials that failed (`failures.py`); None: them as they are,
            which all of Optuna's samplers overlook.
        points: how many different trials there are, for one that runs out of them.
        package: on PyPI, if it needs one that we do not.
        instead: the nearest sampler that can do what this one cannot.
    """

    name: str
    sentence: str
    make: Callable[[SamplerNeeds], BaseSampler]
    objectives: tuple[int, int | None] = (1, None)
    constraints: bool = True
    conditional: bool = False
    categorical: bool = True
    failures: ShowFailures | None = None
    points: Callable[[SamplerNeeds], int] | None = None
    package: str = ""
    instead: str = "tpe"

    @property
    def needs_grid(self) -> bool:
        """Whether the space must declare what to try."""
        return self.points is not None


def _mixed(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
