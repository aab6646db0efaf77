"""What a rung found, as plain values: who goes on, and each net's figure with its bounds.

Shapes: N images of the sample, B of them that were attacked.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

from trainables.attacks.ladder.bounds import accuracy_between
from trainables.attacks.ladder.on_rung import OnRung
from trainables.attacks.ladder.result import Pairing, RungFigure, RungResult


def rung_result(
    state: OnRung, caps: Mapping[str, float], transferred: Mapping[str, tuple[int, int, float]]
) -> RungResult:
    """Of a rung that has ended.

    Args:
        caps: accuracy on the rung before, by net: none can be above it.
        transferred: images that others' perturbations broke before the attack, and the passes and
            seconds that it took to tell, by net.
    """
    figures = [
        _figure(state, m, caps[net.name], transferred[net.name]) for m, net in enumerate(state.nets)
    ]
    order = _order(state, figures)
    going = [m for m in order if m not in state.race.outside]
    if not state.rung.whole:
        going = going[: state.rung.keep]
    names = [net.name for net in state.nets]
    return RungResult(
        rung=state.rung.name,
        attack=state.attack.describe(),
        figures=tuple(figures[m] for m in order),
        kept=tuple(names[m] for m in going),
        settled=state.settled,
        ended=state.ended,
        pairings=_pairings(state, names),
        gates={names[m]: gate.verdict.word for m, gate in enumerate(state.gates)},
    )


def _order(state: OnRung, figures: list[RungFigure]) -> list[int]:
    """Best first: those who are in, the undecided, those who are out; by figure within each."""

    def place(m: int) -> tuple[int, float, int]:
        group = 0 if m in state.race.inside else 2 if m in state.race.outside else 1
        known = figures[m].accuracy
        return group, -(figures[m].high if known is None else known), m

    return sorted(range(len(figures)), key=place)


def _pairings(state: OnRung, names: list[str]) -> tuple[Pairing, ...]:
    found = []
    for i, j in combinations(range(len(names)), 2):
        told = state.race.verdict(i, j)
        pairing = Pairing(names[i], names[j], told.word, told.certain, told.drawn, told.count)
        found.append(pairing)
    return tuple(found)


def _figure(state: OnRung, m: int, cap: float, transferred: tuple[int, int, float]) -> RungFigure:
    net, before_N, order_N = state.nets[m], state.before_MN[m], state.order_N
    rows_B = order_N[(state.reached_MN[m] & before_N)[order_N]]
    right_B = net.standing_N[rows_B]
    low, high = accuracy_between(before_N, right_B)
    standing, accuracy = int(before_N.sum()), None
    if len(rows_B) or not standing:
        share = float(right_B.mean()) if len(rows_B) else 0.0
        # None can be above the rung before, and an estimate from a few images could be.
        accuracy = min(standing * share / len(before_N), cap)
    fell, passes, seconds = transferred
    return RungFigure(
        name=net.name,
        accuracy=accuracy,
        low=low,
        high=high,
        standing=standing,
        attacked=len(rows_B),
        broken=int((~right_B).sum()),
        transferred=fell,
        passes=passes + state.passes_of(m),
        seconds=seconds + state.seconds_of(m),
    )
