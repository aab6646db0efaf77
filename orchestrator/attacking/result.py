"""`StudyAttack`: what `attack()` and `orchestrator attack` give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.attacking.agreement import RungAgreement, rung_agreements
from trainables.attacks.ladder.result import LadderResult, UnionFigure

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = 1


@dataclass(frozen=True)
class AttackedTrial:
    """A trial on the ladder.

    Args:
        name: what the ladder calls it: `trial 7`.
        recorded: worst-case accuracy under its own attack in the search at the ladder's epsilon;
            None where that was not measured. Other trials' perturbations never touch it.
        attack: the label of that attack, such as `fgsm`; "" where there was none.
        run_id: in MLflow, as far as known.
    """

    name: str
    number: int
    label: str
    recorded: float | None
    attack: str
    run_id: str | None = None


@dataclass(frozen=True)
class StudyAttack:
    """The trials that lead a study under ever stronger attacks.

    Args:
        trials: as they led the study.
        left_out: trials that could not be attacked beside them, with reasons.
        epsilon: why this epsilon, in words.
        made: Unix seconds.
        seconds: wall time.
        folder: where the result and the perturbations are kept.
        unsent: why MLflow has not got it, in words; else empty.
    """

    study: str
    ladder: LadderResult
    trials: tuple[AttackedTrial, ...]
    left_out: tuple[Mapping[str, Any], ...]
    epsilon: str
    made: float
    seconds: float
    folder: Path
    unsent: str = ""

    @property
    def best(self) -> AttackedTrial | None:
        """The trial that the last rung left."""
        return next((each for each in self.trials if each.name == self.ladder.best), None)

    @cached_property
    def agreements(self) -> tuple[RungAgreement, ...]:
        """How much each rung's ranking agrees with the next one's."""
        recorded = {each.name: each.recorded for each in self.trials}
        return rung_agreements(self.ladder, recorded)

    @cached_property
    def ranked(self) -> tuple[AttackedTrial, ...]:
        """The best of the last rung first, then by how far a trial came."""
        order: list[str] = []
        for rung in reversed(self.ladder.rungs):
            order += [figure.name for figure in rung.figures if figure.name not in order]
        return tuple(sorted(self.trials, key=lambda each: order.index(each.name)))

    def union(self, name: str) -> UnionFigure:
        """Of a trial, by the ladder's name."""
        return next(each for each in self.ladder.union if each.name == name)

    @property
    def table(self) -> pd.DataFrame:
        """One row a trial: number, label, accuracy in the search, on each rung, of the union."""
        import pandas as pd

        rows = []
        for each in self.ranked:
            rungs = {rung.rung: rung.accuracy(each.name) for rung in self.ladder.rungs}
            union = self.union(each.name).accuracy
            row = {"number": each.number, "label": each.label, "search": each.recorded}
            rows.append({**row, **rungs, "union": union})
        return pd.DataFrame(rows)

    def to_json(self) -> dict[str, Any]:
        """The keys of `docs/json.md`."""
        best = self.best
        return {
            "study": self.study,
            "best": None if best is None else best.number,
            "epsilon": self.epsilon,
            "trials": [asdict(each) for each in self.ranked],
            "left_out": [dict(each) for each in self.left_out],
            "ladder": self.ladder.to_json(),
            "agreements": [each.to_json() for each in self.agreements],
            "made": self.made,
            "seconds": self.seconds,
            "folder": str(self.folder),
            "unsent": self.unsent,
        }

    @classmethod
    def from_json(cls, held: Mapping[str, Any]) -> StudyAttack:
        """What `to_json` gave.

        Raises:
            TypeError, KeyError: it is of another version.
        """
        return cls(
            study=held["study"],
            ladder=LadderResult.from_json(held["ladder"]),
            trials=tuple(AttackedTrial(**each) for each in held["trials"]),
            left_out=tuple(held["left_out"]),
            epsilon=held["epsilon"],
            made=held["made"],
            seconds=held["seconds"],
            folder=Path(held["folder"]),
            unsent=held["unsent"],
        )
