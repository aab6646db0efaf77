"""`decide`: from what two models showed to a decision with its reasons. A pure function.

A candidate takes the champion's place if every one of these holds:

| check | rule |
| --- | --- |
| accuracy | the lower bound of clean accuracy reaches `min_acc` |
| robust score | the lower bound of the robust score reaches `min_robust` |
| latency | the 95th percentile of one image's time is within `max_latency_ms` |
| better | significantly better than the champion on the same test images, two-sided at `alpha` |
| not less robust | the lower bound of the difference in robust score is above `-margin` |

Robust scores are those under the union: what broke either model was tried on both (`union.py`).

A gate that was not asked for is not checked, and the first champion is compared with nobody.
Better by accuracy is McNemar's exact test; by robustness, a bootstrap interval of the paired
difference that lies above 0. What is chosen for its robustness may lose clean accuracy:
adversarial training trades the one for the other on purpose, so there `min_acc` is the only bound.

The margin is 3 points. With 1,000 attacked images of which the two models differ in 10 %, a
difference of paired scores has a standard error of about 1 point: an equal model then passes in
about 85 % of cases, one that is 3 points worse in 2.5 %.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np

from orchestrator.promoting.candidate import Candidate
from orchestrator.promoting.evidence import Evidence
from orchestrator.promoting.paired import (
    Bounds,
    count_swaps,
    difference_bounds,
    mean_bounds,
    share_bounds,
)
from orchestrator.promoting.union_words import union_facts, union_words
from orchestrator.views.numbers import count, plain

By = Literal["accuracy", "robustness"]
Done = Literal["nothing", "promoted", "challenger"]
MARGIN = 0.03


@dataclass(frozen=True)
class Gates:
    """What a candidate must hold; None asks for nothing.

    Args:
        min_acc, min_robust: bounds of accuracy and robust score, shares in [0, 1].
        max_latency_ms: milliseconds for one image.
        by: what it must be better in.
        alpha: level of the tests; intervals are those of 1 - alpha.
        margin: loss in robust score that is no loss.
    """

    min_acc: float | None = None
    min_robust: float | None = None
    max_latency_ms: float | None = None
    by: By = "accuracy"
    alpha: float = 0.05
    margin: float = MARGIN


@dataclass(frozen=True)
class Reason:
    """One check, whether it holds, and why, in words for a person."""

    check: str
    holds: bool
    words: str


@dataclass(frozen=True)
class Figure:
    """One quantity on the test images; champion and difference are None where there is none."""

    name: str
    candidate: Bounds
    champion: Bounds | None = None
    difference: Bounds | None = None


@dataclass(frozen=True)
class PromotionDecision:
    """Whether the candidate becomes the champion, and why.

    Args:
        promote: every reason holds.
        figures: of the test images.
        name: of the registered model; `version` is the candidate's in it, once it has one.
        against: version of the champion that it was compared with; "" for none.
        candidate: which trial it is, and how it was chosen.
        attack: provenance of the robust score, with what the champion's perturbations did to it
            and its own to the champion; `warnings` of the attack.
        test_openings: of the study, so far.
        latency_ms: one image at a time, 95th percentile, in milliseconds.
        done: `nothing` (refused, or only asked), `promoted` or `challenger`.
        model_uri: of the logged model, once there is one.
    """

    promote: bool
    reasons: tuple[Reason, ...]
    figures: tuple[Figure, ...] = ()
    latency_ms: float | None = None
    by: By = "accuracy"
    name: str = ""
    version: str = ""
    against: str = ""
    candidate: Candidate | None = None
    attack: dict[str, Any] | None = None
    warnings: tuple[str, ...] = ()
    test_openings: int = 0
    done: Done = "nothing"
    model_uri: str = ""

    @property
    def refusals(self) -> tuple[Reason, ...]:
        """The reasons that do not hold."""
        return tuple(reason for reason in self.reasons if not reason.holds)

    @property
    def sentence(self) -> str:
        """The decision in one sentence."""
        who = self.candidate.words if self.candidate else "the candidate"
        if self.done == "challenger":
            return f"{who} is {self.name}@challenger now (version {self.version})."
        if not self.promote:
            return f"Refused: {who} does not become {self.name}@champion: {self.why}."
        if self.done == "promoted":
            return f"{who} is {self.name}@champion now (version {self.version}): {self.why}."
        return f"{who} would become {self.name}@champion: {self.why}."

    @property
    def why(self) -> str:
        """What decided, in words: all that does not hold, else how it compares."""
        if not self.promote:
            return "; ".join(reason.words for reason in self.refusals)
        return next((r.words for r in self.reasons if r.check == "better"), "all checks hold")

    def to_json(self) -> dict[str, Any]:
        """The object that `--json` prints; keys as in `docs/json.md`."""
        plain_fields = ("promote", "done", "name", "version", "against", "by", "latency_ms")
        return {
            **{key: getattr(self, key) for key in plain_fields},
            "sentence": self.sentence,
            "reasons": [asdict(reason) for reason in self.reasons],
            "figures": [asdict(figure) for figure in self.figures],
            "candidate": self.candidate.to_json() if self.candidate else None,
            "attack": self.attack or {},
            "warnings": list(self.warnings),
            "test_openings": self.test_openings,
            "model_uri": self.model_uri,
        }


def decide(evidence: Evidence, gates: Gates) -> PromotionDecision:
    """The decision; the same for the same evidence and gates."""
    figures = tuple(_figures(evidence, gates.alpha))
    reasons = (*_gates_held(figures, evidence, gates), *_compared(figures, evidence, gates))
    survival = evidence.candidate.survival
    return PromotionDecision(
        promote=all(reason.holds for reason in reasons),
        reasons=reasons,
        figures=figures,
        latency_ms=evidence.candidate.latency_ms,
        by=gates.by,
        against=evidence.version if evidence.champion else "",
        attack={**survival.provenance, **union_facts(evidence)} if survival else None,
        warnings=_warnings(evidence),
    )


def _warnings(evidence: Evidence) -> tuple[str, ...]:
    """What speaks against the robust figures of either model."""
    own = evidence.candidate.survival
    other = evidence.champion.survival if evidence.champion else None
    theirs = other.warnings if other else ()
    said = tuple(f"Of the champion, version {evidence.version}: {words}" for words in theirs)
    return (own.warnings if own else ()) + said


def refuse(words: str, check: str = "candidate") -> PromotionDecision:
    """A decision that needs no test image."""
    return PromotionDecision(promote=False, reasons=(Reason(check, False, words),))


def only_gates(decision: PromotionDecision) -> PromotionDecision:
    """The same for a challenger: the gates decide, the comparison with the champion is told."""
    held = all(r.holds for r in decision.reasons if r.check not in ("better", "not less robust"))
    return replace(decision, promote=held)


def _figures(evidence: Evidence, alpha: float) -> Iterator[Figure]:
    one, other = evidence.candidate, evidence.champion
    champion = difference = None
    if other is not None:
        champion = share_bounds(other.right_N, alpha=alpha)
        difference = difference_bounds(one.right_N, other.right_N, alpha=alpha)
    yield Figure("accuracy", share_bounds(one.right_N, alpha=alpha), champion, difference)
    if one.survival is None:
        return
    champion = difference = None
    if other is not None and other.survival is not None:
        champion = _score_bounds(other.survival.scores_M, alpha)
        scores = one.survival.scores_M, other.survival.scores_M
        difference = difference_bounds(*scores, alpha=alpha)
    yield Figure("robust score", _score_bounds(one.survival.scores_M, alpha), champion, difference)


def _score_bounds(scores_M: np.ndarray, alpha: float) -> Bounds:
    return mean_bounds(scores_M, alpha=alpha, least=0.0, most=1.0)


def _gates_held(figures: tuple[Figure, ...], evidence: Evidence, gates: Gates) -> Iterator[Reason]:
    known = {figure.name: figure.candidate for figure in figures}
    for name, least in (("accuracy", gates.min_acc), ("robust score", gates.min_robust)):
        if least is None:
            continue
        if name not in known:
            yield Reason(name, False, f"its {name} was not measured, and {_pc(least)} % is wanted")
            continue
        bounds = known[name]
        words = f"{name} {_pc(bounds.value)} %, at least {_pc(bounds.low)} %"
        words += f" ({_level(gates)}), where {_pc(least)} % is wanted"
        yield Reason(name, bounds.low >= least, words)
    if gates.max_latency_ms is not None:
        found = evidence.candidate.latency_ms
        words = f"one image takes {plain(found)} ms (95th percentile), "
        words += f"where {plain(gates.max_latency_ms)} ms is the most"
        yield Reason("latency", found is not None and found <= gates.max_latency_ms, words)


def _compared(figures: tuple[Figure, ...], evidence: Evidence, gates: Gates) -> Iterator[Reason]:
    if evidence.champion is None:
        yield Reason("better", True, "there is no champion yet to be compared with")
        return
    robust = next((figure for figure in figures if figure.name == "robust score"), None)
    if gates.by == "accuracy":
        yield _more_accurate(figures[0], evidence, gates)
        if robust is not None and robust.difference is not None:
            yield _not_less_robust(robust.difference, evidence, gates)
    elif robust is None or robust.difference is None:
        yield Reason("better", False, "robustness decides, and it was not measured")
    else:
        yield _more_robust(robust.difference, evidence, gates)


def _more_accurate(figure: Figure, evidence: Evidence, gates: Gates) -> Reason:
    assert evidence.champion is not None and figure.difference is not None
    swaps = count_swaps(evidence.candidate.right_N, evidence.champion.right_N)
    better = swaps.gained > swaps.lost and swaps.p < gates.alpha
    basis = (
        f"on the same {count(figure.candidate.count)} test images it has {count(swaps.gained)} "
        f"right that version {evidence.version} has wrong, and {count(swaps.lost)} the other way "
        f"round (McNemar, exact: {_p(swaps.p)})"
    )
    points = f"{_signed(figure.difference.value)} points"
    if better:
        words = f"it is more accurate than version {evidence.version} by {points}: {basis}"
    else:
        words = f"it is not significantly more accurate than version {evidence.version}"
        words += f" ({points}): {basis}"
    return Reason("better", better, words)


def _more_robust(difference: Bounds, evidence: Evidence, gates: Gates) -> Reason:
    better = difference.low > 0
    told = f"{_signed(difference.value)} points of robust score ({_interval(difference, gates)})"
    said = "it is more robust than" if better else "it is not significantly more robust than"
    images = f"on the same {count(difference.count)} attacked test images"
    words = f"{said} version {evidence.version}: {told} {images}{union_words(evidence)}"
    return Reason("better", better, words)


def _not_less_robust(difference: Bounds, evidence: Evidence, gates: Gates) -> Reason:
    holds = difference.low > -gates.margin
    told = f"{_signed(difference.value)} points of robust score ({_interval(difference, gates)})"
    margin = f"{_pc(gates.margin)} points"
    said = (
        f"it is not less robust by more than {margin}"
        if holds
        else f"it may be less robust by more than {margin}"
    )
    few = not holds and difference.value > -gates.margin
    hint = f"; more than {count(difference.count)} attacked images would tell" if few else ""
    return Reason("not less robust", holds, f"{said}: {told}{union_words(evidence)}{hint}")


def _interval(bounds: Bounds, gates: Gates) -> str:
    return f"{_level(gates)}: {_signed(bounds.low)} to {_signed(bounds.high)}"


def _level(gates: Gates) -> str:
    return f"{100 * (1 - gates.alpha):g} %"


def _pc(share: float) -> str:
    return f"{100 * share:.1f}"


def _signed(share: float) -> str:
    return f"{100 * share:+.1f}"


def _p(value: float) -> str:
    return "p < 0.0001" if value < 1e-4 else f"p = {value:.2g}"
