"""What two models showed on the same test images: all that the decision is made from.

Shapes: N test images, M of them attacked, E epsilons (the first one 0).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from search_spaces.errors import UsageError
from trainables.attacks.comparing import comparable


@dataclass(frozen=True)
class Transferred:
    """What became of one model's attacked images under what had broken the other model.

    Args:
        alone_E: its worst-case accuracy under its own attack alone.
        fell_E: images that were lost in addition, at each epsilon.
        images: that were lost in addition at one epsilon or more.
        passes: images forward: perturbations that were tried, each on an image that stood.
    """

    alone_E: tuple[float, ...]
    fell_E: tuple[int, ...]
    images: int
    passes: int
    seconds: float


@dataclass(frozen=True, eq=False)
class Survival:
    """Attacked images of one model.

    Args:
        right_ME: whether the image is still right at each epsilon and at all smaller ones.
        eps_255: in units of 1/255, ascending from 0.
        specification: all of the attack that its images depend on.
        provenance: the same with sample, passes, versions.
        warnings: what a person should know before believing it.
        transferred: what the other model's perturbations did, which `right_ME` counts in; None
            where it met its own attack alone.
    """

    right_ME: np.ndarray
    eps_255: tuple[float, ...]
    specification: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    transferred: Transferred | None = None

    @property
    def scores_M(self) -> np.ndarray:
        """Of each image: the share of the way to the last epsilon that it survives, in [0, 1].

        Their mean is `robust_score`: the area under the worst-case curve, by trapezoids.
        """
        width = self.eps_255[-1]
        if width == 0:
            return self.right_ME[:, 0].astype(float)
        area_M = np.trapezoid(self.right_ME.astype(float), np.array(self.eps_255), axis=1)
        return np.asarray(area_M / width)

    @property
    def accuracy_E(self) -> tuple[float, ...]:
        """Worst-case accuracy at each epsilon."""
        return tuple(float(share) for share in self.right_ME.mean(axis=0))


@dataclass(frozen=True, eq=False)
class Showing:
    """One model on the test images.

    Args:
        right_N: whether it has each image right.
        survival: under the attack; None where nothing was attacked.
        latency_ms: one image at a time, 95th percentile; None where it was not measured.
    """

    right_N: np.ndarray
    survival: Survival | None = None
    latency_ms: float | None = None


@dataclass(frozen=True, eq=False)
class Evidence:
    """The candidate and, where there is one, the present champion, on the same images.

    Args:
        version: of the champion.

    Raises:
        UsageError: the two were not shown the same images under the same attack.
    """

    candidate: Showing
    champion: Showing | None = None
    version: str = ""

    def __post_init__(self) -> None:
        if self.champion is None:
            return
        if len(self.candidate.right_N) != len(self.champion.right_N):
            rule = "Two models are compared on the same test images."
            sizes = [len(self.candidate.right_N), len(self.champion.right_N)]
            raise UsageError(rule, got=sizes)
        one, other = self.candidate.survival, self.champion.survival
        if one is None or other is None:
            if one is not other:
                raise UsageError("Two models are compared under the same attack, or under none.")
            return
        comparable(_measured(one), _measured(other))


def _measured(survival: Survival) -> dict[str, Any]:
    """All that its figures depend on; what the arrays themselves say wins."""
    return {
        **survival.provenance,
        **survival.specification,
        "eps_255": survival.eps_255,
        "count": len(survival.right_ME),
    }
