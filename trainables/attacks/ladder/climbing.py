"""`climb_ladder`: several nets through ever stronger attacks, until the best is known.

On the first rung each net meets its own attack alone, as in its trial. From the second on, what
broke other nets comes first, one pass forward each: for all nets the perturbations that lay there
when the rung began, so that it makes no difference which net comes first. Last of all every net is
scored against all that was found on any. What is right on an image can only be lost, so no figure
is above the one before it.

Shapes: M nets, N images of the sample.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence

import numpy as np

from search_spaces.errors import UsageError
from trainables.attacks.ladder.contender import Contender
from trainables.attacks.ladder.kept import KeptPerturbations, Perturbations
from trainables.attacks.ladder.on_rung import OnRung
from trainables.attacks.ladder.race import Race
from trainables.attacks.ladder.result import LadderResult, RungResult, UnionFigure
from trainables.attacks.ladder.rung_figures import rung_result
from trainables.attacks.ladder.rungs import RUNGS, LadderBudget, Rung
from trainables.attacks.ladder.sample import AttackedSample
from trainables.attacks.ladder.terms import Terms
from trainables.attacks.ladder.verdict import AboveGate
from trainables.reports import Progress

Transferred = dict[str, tuple[int, int, float]]
"""Images that fell to others' perturbations, passes and seconds, by net."""


def climb_ladder(
    nets: Sequence[Contender],
    sample: AttackedSample,
    kept: KeptPerturbations,
    *,
    rungs: tuple[Rung, ...] = RUNGS,
    budget: LadderBudget | None = None,
    terms: Terms | None = None,
) -> Generator[Progress, None, LadderResult]:
    """Attack them rung by rung; each rung leaves fewer.

    Args:
        nets: best first, as far as known: of two that no rung can tell apart the first goes on.
        kept: where perturbations are read and added.
        budget: of all rungs together (default: no limit).

    Raises:
        UsageError: no nets, two of one name, or an attack that there is not.
        OSError: the folder of the perturbations cannot be written.
    """
    _check(nets)
    budget, terms = budget or LadderBudget(), terms or Terms()
    for net in nets:
        yield Progress(f"looking at the clean images of {net.name}")
        net.look()
    clean = {net.name: float(net.standing_N.mean()) for net in nets}
    caps, running, results = dict(clean), list(nets), list[RungResult]()
    for index, rung in enumerate(rungs):
        share = budget.share_of(index, rungs, *_spent(nets))
        # On the first rung each net's figure is that of its own attack.
        fell = yield from _transfer(running, kept if index else None)
        gate = terms.gate if index + 1 == len(rungs) else None
        state = _begin(rung, running, sample, share, terms, gate)
        yield from state.run()
        _keep(kept, state)
        results.append(rung_result(state, caps, fell))
        for figure in results[-1].figures:
            caps[figure.name] = caps[figure.name] if figure.accuracy is None else figure.accuracy
        named = {net.name: net for net in running}
        running = [named[name] for name in results[-1].kept]
    union = yield from _union(nets, kept, caps)
    passes, seconds = _spent(nets)
    return LadderResult(
        count=len(sample),
        sample_digest=sample.digest,
        norm=sample.norm,
        eps_255=sample.eps_255,
        resolution=int(sample.images_NHWC.shape[1]),
        seed=terms.attack_seed,
        margin=terms.margin,
        alpha=terms.alpha,
        gate=terms.gate,
        clean=clean,
        rungs=tuple(results),
        union=union,
        passes=passes,
        seconds=seconds,
    )


def _check(nets: Sequence[Contender]) -> None:
    names = [net.name for net in nets]
    if not names or len(set(names)) < len(names):
        raise UsageError("A ladder takes one net or more, each with a name of its own.", got=names)


def _begin(
    rung: Rung,
    nets: Sequence[Contender],
    sample: AttackedSample,
    budget: LadderBudget,
    terms: Terms,
    gate: float | None,
) -> OnRung:
    right_MN = np.stack([net.standing_N for net in nets])
    gates = () if gate is None else [AboveGate(right_N, gate, alpha=terms.alpha)
                                     for right_N in right_MN]  # fmt: skip
    return OnRung(
        rung=rung,
        attack=rung.make(sample.norm, terms.attack_seed),
        nets=nets,
        order_N=sample.order_N,
        race=Race(right_MN, rung.keep, margin=terms.margin, alpha=terms.alpha),
        gates=gates,
        budget=budget,
        look=terms.look,
    )


def _transfer(
    nets: Sequence[Contender], kept: KeptPerturbations | None
) -> Generator[Progress, None, Transferred]:
    """All that is kept at this moment, on each net."""
    turns = () if kept is None else tuple(kept.by_turns())
    found = {}
    for net in nets:
        if turns:
            yield Progress(f"others' perturbations on {net.name}")
        passes, seconds = net.passes, net.seconds
        fell = sum(net.suffer(turn) for turn in turns)
        found[net.name] = (fell, net.passes - passes, net.seconds - seconds)
    return found


def _keep(kept: KeptPerturbations, state: OnRung) -> None:
    """What was found on this rung, a file a net."""
    for name, parts in state.found.items():
        rows_P = np.concatenate([part.rows_P for part in parts])
        deltas_PHWC = np.concatenate([part.deltas_PHWC for part in parts])
        source = "".join(c if c.isalnum() else "-" for c in name)
        kept.add(f"{source}-{state.rung.name}", Perturbations(rows_P, deltas_PHWC))


def _union(
    nets: Sequence[Contender], kept: KeptPerturbations, caps: dict[str, float]
) -> Generator[Progress, None, tuple[UnionFigure, ...]]:
    """Everything that was found on any net, on each of them; best first."""
    before = {net.name: int(net.standing_N.sum()) for net in nets}
    fell = yield from _transfer(nets, kept)
    found = []
    for net in nets:
        standing = int(net.standing_N.sum())
        # What was lost here of what stood is lost of what was expected to stand, too.
        share = standing / before[net.name] if before[net.name] else 0.0
        accuracy = min(standing / len(net.standing_N), caps[net.name] * share)
        lost, passes, _ = fell[net.name]
        found.append(UnionFigure(net.name, accuracy, standing / len(net.standing_N), lost, passes))
    return tuple(sorted(found, key=lambda each: -each.accuracy))


def _spent(nets: Sequence[Contender]) -> tuple[int, float]:
    return sum(net.passes for net in nets), sum(net.seconds for net in nets)
