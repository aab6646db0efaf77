"""How much each rung's ranking agrees with the next one's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from orchestrator.study.agreement import Agreement, rank_agreement

if TYPE_CHECKING:
    from trainables.attacks.ladder.result import LadderResult

LEAST = 3
"""Trials below which two rankings agree or do not, and that is all there is to say."""


@dataclass(frozen=True)
class RungAgreement:
    """Two rankings of the same trials.

    Args:
        first, second: rungs; `search` is the trials' own attack, `union` everything together.
        n: trials that both ranked.
        agreement: Kendall's tau with its interval; None with fewer than `LEAST`, or where one of
            them puts all trials on one place.
        same_best: whether both have the same trial first, among those that both ranked.
    """

    first: str
    second: str
    n: int
    agreement: Agreement | None
    same_best: bool

    def to_json(self) -> dict[str, Any]:
        """`tau`, `low` and `high` are null where there are none."""
        told = asdict(self.agreement) if self.agreement else {}
        rows = {key: told.get(key) for key in ("tau", "low", "high")}
        names = {"first": self.first, "second": self.second, "n": self.n}
        return {**names, **rows, "same_best": self.same_best}


def rung_agreements(
    ladder: LadderResult, recorded: Mapping[str, float | None]
) -> tuple[RungAgreement, ...]:
    """Of each ranking with the next one, as far as two trials or more came to both.

    Args:
        recorded: accuracy under the trial's own attack in the search, at the same epsilon, by name.
    """
    rankings: list[tuple[str, dict[str, float]]] = [
        ("search", {name: acc for name, acc in recorded.items() if acc is not None})
    ]
    for rung in ladder.rungs:
        known = {f.name: f.accuracy for f in rung.figures if f.accuracy is not None}
        rankings.append((rung.rung, known))
    rankings.append(("union", {figure.name: figure.accuracy for figure in ladder.union}))
    found = []
    # A rung that was settled before it began has ranked nobody.
    for (first, one), (second, other) in pairwise(r for r in rankings if len(r[1]) > 1):
        both = [name for name in one if name in other]
        if len(both) > 1:
            found.append(
                _agreement(first, second, [one[n] for n in both], [other[n] for n in both])
            )
    return tuple(found)


def _agreement(first: str, second: str, one: list[float], other: list[float]) -> RungAgreement:
    told = rank_agreement(one, other) if len(one) >= LEAST else None
    leads = {i for i, acc in enumerate(one) if acc == max(one)}
    same = any(other[i] == max(other) for i in leads)
    return RungAgreement(first, second, len(one), told, same)
