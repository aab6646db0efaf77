"""What a ladder found, rung by rung: plain values that JSON takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class RungFigure:
    """One net on one rung.

    Args:
        name: of the net.
        accuracy: share of the whole sample that stands under this attack and all before it; where
            the rung ended early, what the attacked images let one expect. None: none was attacked.
        low, high: its bounds at 95 %, which hold whenever the rung ended.
        attacked: images that the attack was run on, of the `standing` that were right before.
        broken: of these.
        transferred: images that the perturbations of other nets broke before the attack began.
        passes, seconds: that this net took on this rung.
    """

    name: str
    accuracy: float | None
    low: float
    high: float
    standing: int
    attacked: int
    broken: int
    transferred: int
    passes: int
    seconds: float

    @property
    def whole(self) -> bool:
        """Whether nothing is left to expect: each image that stood was attacked."""
        return self.attacked == self.standing


@dataclass(frozen=True)
class Pairing:
    """A verdict on two nets."""

    first: str
    second: str
    word: str
    certain: bool
    drawn: int
    count: int


@dataclass(frozen=True)
class RungResult:
    """One rung.

    Args:
        rung: its name.
        attack: all that the attack's images depend on.
        figures: of each net that came so far, best first.
        kept: nets that go on, best first; on the last rung the best.
        settled: whether the decision is that of the attack on the whole sample, with a probability
            of 95 %; else the kept ones are those that looked best.
        ended: why the rung ended, in words.
        pairings: the verdicts that it rests on.
        gates: `above`, `below` or `open` by net, where a gate was asked for.
    """

    rung: str
    attack: Mapping[str, Any]
    figures: tuple[RungFigure, ...]
    kept: tuple[str, ...]
    settled: bool
    ended: str
    pairings: tuple[Pairing, ...] = ()
    gates: Mapping[str, str] = field(default_factory=dict)

    @property
    def passes(self) -> int:
        """Of all nets together."""
        return sum(figure.passes for figure in self.figures)

    @property
    def seconds(self) -> float:
        """Of all nets together."""
        return sum(figure.seconds for figure in self.figures)

    def accuracy(self, name: str) -> float | None:
        """Of a net; None where it did not come so far, or nothing was attacked."""
        return next((each.accuracy for each in self.figures if each.name == name), None)


@dataclass(frozen=True)
class UnionFigure:
    """One net against everything that was found on any net.

    Args:
        accuracy: never above that of any rung.
        standing: share of the sample that nothing has broken yet, with nothing expected.
        transferred: images that fell to other nets' perturbations after the last attack.
    """

    name: str
    accuracy: float
    standing: float
    transferred: int
    passes: int


@dataclass(frozen=True)
class LadderResult:
    """The whole ladder.

    Args:
        count, sample_digest, norm, eps_255, resolution: what was attacked.
        clean: accuracy without an attack on the same images, by net.
        union: of each net, best first.
        gate: share that was asked for, or None.
        passes, seconds: all in all, clean images and union included.
    """

    count: int
    sample_digest: str
    norm: str
    eps_255: float
    resolution: int
    seed: int
    margin: float
    alpha: float
    gate: float | None
    clean: Mapping[str, float]
    rungs: tuple[RungResult, ...]
    union: tuple[UnionFigure, ...]
    passes: int
    seconds: float

    @property
    def best(self) -> str | None:
        """The net that the last rung left."""
        return self.rungs[-1].kept[0] if self.rungs and self.rungs[-1].kept else None

    def to_json(self) -> dict[str, Any]:
        """All of it, with what follows from it."""
        rungs = [
            {**asdict(rung), "passes": rung.passes, "seconds": rung.seconds} for rung in self.rungs
        ]
        return {**asdict(self), "rungs": rungs, "best": self.best}

    @classmethod
    def from_json(cls, held: Mapping[str, Any]) -> LadderResult:
        """What `to_json` gave.

        Raises:
            TypeError, KeyError: it is of another version.
        """
        plain = {key: held[key] for key in cls.__dataclass_fields__}
        return cls(**{**plain, "rungs": tuple(map(_rung, held["rungs"])),
                      "union": tuple(UnionFigure(**each) for each in held["union"])})  # fmt: skip


def _rung(held: Mapping[str, Any]) -> RungResult:
    plain = {key: held[key] for key in RungResult.__dataclass_fields__}
    return RungResult(
        **{
            **plain,
            "figures": tuple(RungFigure(**each) for each in held["figures"]),
            "pairings": tuple(Pairing(**each) for each in held["pairings"]),
            "kept": tuple(held["kept"]),
        }
    )
