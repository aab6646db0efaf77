"""`LabelCurve`: accuracy over the number of labels, one arm's; its law, and whether that holds.

Shapes: D splits, S sizes, R resamples, H sizes held out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from orchestrator.label_curves.power_law import PowerLaws, fit_power_laws
from orchestrator.label_curves.resampling import Resamples, Span

LEAST_SIZES = 5
_MANY_SIZES = 7  # from here on two sizes are held out
# No curve follows a law to the last digit: half a point of accuracy is allowed for, so that the
# largest sizes, which scatter least, do not settle it alone.
_MISFIT = 0.005
# Of accuracy: what a law may be wrong by, though its interval says otherwise; and at any size.
CLOSE, FAR = 0.01, 0.03


@dataclass(frozen=True)
class Checked:
    """What a law that was fitted to smaller sizes foretells of a larger one.

    Args:
        error: foretold less measured accuracy.
    """

    size: int
    foretold: float
    measured: float
    error: Span

    @property
    def holds(self) -> bool:
        """Whether it was right, as far as the scatter lets anybody say."""
        low, high = self.error.low, self.error.high
        if abs(self.error.value) <= CLOSE:
            return True
        return low is not None and high is not None and low <= 0 <= high


@dataclass(frozen=True, eq=False)
class LabelCurve:
    """One backbone and strategy.

    Args:
        name: of the arm; `backbone` and `strategy` are what it is made of.
        sizes_S: numbers of labels, ascending.
        accuracy_DS: by split; NaN where there is no trial.
        laws: of each resample; None where no law can be fitted, which `why_not` says.
        checks: on the largest sizes, by a law that had not seen them.
        start: place in `sizes_S` from which on the law holds. With a label or two a class nets
            do little better than guess, which no power law describes (the small data region of
            Hestness et al. 2017).
    """

    name: str
    backbone: str
    strategy: str
    sizes_S: np.ndarray
    accuracy_DS: np.ndarray
    resamples: Resamples
    laws: PowerLaws | None = None
    checks: tuple[Checked, ...] = ()
    start: int = 0
    why_not: str = ""

    @property
    def means_S(self) -> np.ndarray:
        """Mean accuracy over the splits."""
        return self.resamples.means(self.accuracy_DS)[0][0]

    @property
    def most(self) -> int:
        """The largest number of labels that was measured."""
        return int(self.sizes_S[-1])

    @property
    def first(self) -> int:
        """The number of labels from which on the law holds."""
        return int(self.sizes_S[self.start])

    @property
    def farthest(self) -> int:
        """Labels up to which the law is trusted: as many times the most as it was checked for."""
        if not self.checks or not self.is_trusted:
            return self.most
        fitted = self.sizes_S[self.sizes_S < self.checks[0].size]
        return round(self.most * self.most / int(fitted[-1]))

    @property
    def is_trusted(self) -> bool:
        """Whether anything is said by the law."""
        return self.laws is not None and not self.why_not

    def labels_for(self, accuracy: float) -> Span | None:
        """Labels that are needed for it; None without a law that is trusted."""
        if self.laws is None or not self.is_trusted:
            return None
        return self.resamples.span(self.laws.sizes(1 - accuracy), ratio=True)

    def expected(self, sizes_S: np.ndarray) -> list[Span]:
        """Accuracy by the law at any sizes."""
        assert self.laws is not None
        accuracy_RS = 1 - self.laws.errors(sizes_S)
        return [self.resamples.span(accuracy_R) for accuracy_R in accuracy_RS.T]


def make_curve(
    name: str,
    backbone: str,
    strategy: str,
    sizes: Sequence[int],
    accuracy_DS: np.ndarray,
    resamples: Resamples,
) -> LabelCurve:
    """The curve with its law, checked on the largest sizes."""
    sizes_S = np.asarray(sizes)
    known = (name, backbone, strategy, sizes_S, accuracy_DS, resamples)
    if len(sizes_S) < LEAST_SIZES:
        why = f"{len(sizes_S)} numbers of labels cannot settle and check a law, {LEAST_SIZES} can"
        return LabelCurve(*known, why_not=why)
    if resamples.splits < 2:
        return LabelCurve(*known, why_not="one split cannot say how far chance goes")
    means_RS, counts_RS = resamples.means(accuracy_DS)
    weights_RS = counts_RS / (_variance(sizes_S, accuracy_DS) + _MISFIT**2)
    if means_RS[0, -1] <= means_RS[0, 0]:
        return LabelCurve(*known, why_not="accuracy does not rise with labels")
    for start in range(len(sizes_S) - LEAST_SIZES + 1):
        part = slice(start, None)
        laws = fit_power_laws(sizes_S[part], 1 - means_RS[:, part], weights_RS[:, part])
        why = _misfit(sizes_S[part], means_RS[0, part], laws)
        if not why:
            checks = _checks(sizes_S[part], means_RS[:, part], weights_RS[:, part], resamples)
            why = _failed(checks)
            return LabelCurve(*known, laws=laws, checks=tuple(checks), start=start, why_not=why)
    return LabelCurve(*known, why_not=why)


def _variance(sizes_S: np.ndarray, accuracy_DS: np.ndarray) -> np.ndarray:
    """Of one split's accuracy at each size, smoothed: a line through its logarithm over log n.

    The variance of three to five values is known to a factor of two at best.
    """
    count_S = np.isfinite(accuracy_DS).sum(axis=0)
    several_S = count_S > 1
    if several_S.sum() < 2:
        return np.full(len(sizes_S), 1e-4)
    found_S = np.nanvar(accuracy_DS[:, several_S], axis=0, ddof=1)
    slope, height = np.polyfit(np.log(sizes_S[several_S]), np.log(found_S + 1e-6), 1)
    return np.asarray(np.exp(height + min(slope, 0.0) * np.log(sizes_S)))


def _checks(
    sizes_S: np.ndarray, means_RS: np.ndarray, weights_RS: np.ndarray, resamples: Resamples
) -> list[Checked]:
    held_out = 2 if len(sizes_S) >= _MANY_SIZES else 1
    seen, unseen = slice(0, -held_out), slice(-held_out, None)
    laws = fit_power_laws(sizes_S[seen], 1 - means_RS[:, seen], weights_RS[:, seen])
    foretold_RH = 1 - laws.errors(sizes_S[unseen])
    return [
        Checked(
            size=int(size),
            foretold=float(foretold_RH[0, place]),
            measured=float(measured_R[0]),
            error=resamples.span(foretold_RH[:, place] - measured_R),
        )
        for place, (size, measured_R) in enumerate(
            zip(sizes_S[unseen], means_RS[:, unseen].T, strict=True)
        )
    ]


def _misfit(sizes_S: np.ndarray, means_S: np.ndarray, laws: PowerLaws) -> str:
    """Why the nearest law is none; empty where it goes through the means."""
    off_S = (1 - laws.errors(sizes_S)[0]) - means_S
    worst = int(np.abs(off_S).argmax())
    if abs(off_S[worst]) <= FAR:
        return ""
    points = f"{100 * abs(off_S[worst]):.1f} points at {sizes_S[worst]:,} labels"
    return f"no power law goes through it: the nearest is off by {points}"


def _failed(checks: Sequence[Checked]) -> str:
    """What the law was wrong about; empty where it was right."""
    for check in checks:
        if not check.holds:
            return (
                f"fitted to fewer labels, the law foretold {100 * check.foretold:.1f} % with "
                f"{check.size:,}, and {100 * check.measured:.1f} % were measured"
            )
    return ""
