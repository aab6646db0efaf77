"""At which epsilon trials are attacked, where nobody says it."""

from __future__ import annotations

from collections.abc import Sequence

from trainables.attacks.score import score_eps_255
from trainables.reports import RobustnessCurve

LEAST_RIGHT = 0.2
"""Share of the images that one of the trials must have had right under its own attack. A stronger
one breaks more; where none is left standing there is nothing to tell trials apart by."""


def choose_epsilon(curves: Sequence[RobustnessCurve]) -> tuple[float, str, str]:
    """Epsilon in 1/255, norm, and why.

    Args:
        curves: of the trials' own attacks; those in another norm than the first one's are passed
            over.
    """
    if not curves:
        eps = score_eps_255("linf")
        return eps, "linf", f"{eps:g}/255, since the trials were not attacked"
    norm = str(curves[0].provenance.get("norm", "linf"))
    most = score_eps_255(norm)
    best: dict[float, float] = {}
    for curve in curves:
        if curve.provenance.get("norm", "linf") == norm:
            for eps, share in zip(curve.eps_255, curve.worst_case, strict=True):
                if 0 < eps <= most:
                    best[eps] = max(share, best.get(eps, 0.0))
    for eps in sorted(best, reverse=True):
        if best[eps] >= LEAST_RIGHT:
            words = "" if eps == most else f"; at {_next(best, eps):g}/255 none had {_PERCENT} left"
            return eps, norm, f"{eps:g}/255, where one still had {100 * best[eps]:.0f} %{words}"
    if not best:
        return most, norm, f"{most:g}/255, since the trials' own epsilons go no further than 0"
    eps = min(best)
    return eps, norm, f"{eps:g}/255, the least of the study's: nowhere did one have {_PERCENT} left"


_PERCENT = f"{100 * LEAST_RIGHT:.0f} %"


def _next(best: dict[float, float], eps: float) -> float:
    return min((each for each in best if each > eps), default=eps)
