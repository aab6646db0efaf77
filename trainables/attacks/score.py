"""One figure, and one row of figures, out of a robustness curve. NumPy only."""

from __future__ import annotations

import numpy as np

from trainables.reports import RobustnessCurve

SCORE_EPS_255 = 8.0
# In L2 the field's epsilon for CIFAR-10 is 0.5 (RobustBench), which is 128 to the last half of 1.
L2_SCORE_EPS_255 = 128.0


def score_eps_255(norm: str) -> float:
    """The epsilon up to which a curve is scored, and at which `robust_acc` is, in 1/255."""
    return L2_SCORE_EPS_255 if norm == "l2" else SCORE_EPS_255


def robust_score(curve: RobustnessCurve) -> float:
    """Area under `worst_case` over eps 0 to 8/255 (L2: 128/255), by its width: in [0, 1].

    Trapezoids on the grid's own points up to 8; a grid that ends lower is scored over what it has,
    one whose points miss 8 up to the last point below it. With eps 0 alone: the clean accuracy.
    """
    eps_E, worst_E = np.array(curve.eps_255), np.array(curve.worst_case)
    within = eps_E <= _eps_of(curve)
    width = eps_E[within][-1]
    if width == 0:
        return float(worst_E[0])
    return float(np.trapezoid(worst_E[within], eps_E[within]) / width)


def robustness_metrics(curve: RobustnessCurve) -> dict[str, float]:
    """`fgsm_acc_eps_N` at each epsilon, `fgsm_acc` and `robust_acc` at 8/255, `robust_score`.

    `fgsm` stands for the attack's own label (`pgd50`, `apgd`, `pgd10_l2`); in L2 128/255 stands for
    8/255. Figures there are left out where it is not on the grid.
    """
    attack, provenance = curve.provenance["attack"], curve.provenance
    metrics = {
        f"{attack}_acc_eps_{eps:g}": accuracy
        for eps, accuracy in zip(curve.eps_255, curve.accuracy, strict=True)
    }
    if _eps_of(curve) in curve.eps_255:
        at = curve.eps_255.index(_eps_of(curve))
        metrics[f"{attack}_acc"] = curve.accuracy[at]
        metrics["robust_acc"] = curve.worst_case[at]
    metrics["robust_score"] = robust_score(curve)
    metrics["robust_n"] = float(curve.count)
    metrics["attack_passes"] = float(provenance["forward_images"] + provenance["backward_images"])
    return metrics


def _eps_of(curve: RobustnessCurve) -> float:
    return score_eps_255(curve.provenance.get("norm", "linf"))
