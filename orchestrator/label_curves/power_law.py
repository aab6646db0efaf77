"""The law of a learning curve: error = a + b n^-c, n labels, a, b >= 0.

Errors of nets fall with the number of examples as a power law down to an error that no number of
them removes (Hestness et al. 2017, Deep Learning Scaling is Predictable, Empirically; Rosenfeld et
al. 2020, A Constructive Prediction of the Generalization Error Across Scales). For a given c the
rest is a weighted linear regression in closed form, so many curves are fitted at once: c is looked
for on a grid, then on a finer one around the best.

Shapes: R curves (resamples of one), S sizes, C exponents.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LEAST, MOST = 0.03, 3.0
"""Exponents looked at: below the least a curve cannot be told from a logarithm."""
_COARSE, _FINE, _ROUNDS = 41, 13, 4


@dataclass(frozen=True, eq=False)
class PowerLaws:
    """R laws; `curve(n)` is the error with n labels."""

    floor_R: np.ndarray
    scale_R: np.ndarray
    exponent_R: np.ndarray

    def errors(self, sizes_S: np.ndarray) -> np.ndarray:
        """[R, S]."""
        powers_RS = np.asarray(sizes_S, float)[None, :] ** -self.exponent_R[:, None]
        return np.asarray(self.floor_R[:, None] + self.scale_R[:, None] * powers_RS)

    def sizes(self, error: float) -> np.ndarray:
        """Labels [R] with which the error is so small; infinite where it never is."""
        left_R = error - self.floor_R
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            sizes_R = (self.scale_R / left_R) ** (1 / self.exponent_R)
        return np.where(left_R > 0, sizes_R, np.inf)


def fit_power_laws(sizes_S: np.ndarray, errors_RS: np.ndarray, weights_RS: np.ndarray) -> PowerLaws:
    """The law of each curve that is nearest by weighted squares.

    Args:
        errors_RS: any finite value where the weight is 0.
        weights_RS: 0 for a size that a curve does not have.
    """
    grid_RC = np.tile(np.geomspace(LEAST, MOST, _COARSE), (len(errors_RS), 1))
    step = (MOST / LEAST) ** (1 / (_COARSE - 1))
    for _ in range(_ROUNDS):
        floor_RC, scale_RC, squares_RC = _regress(sizes_S, errors_RS, weights_RS, grid_RC)
        rows_R, best_R = np.arange(len(grid_RC)), squares_RC.argmin(axis=1)
        best = [each[rows_R, best_R] for each in (floor_RC, scale_RC, grid_RC)]
        factors_C = step ** np.linspace(-1, 1, _FINE)
        grid_RC = np.clip(best[2][:, None] * factors_C, LEAST, MOST)
        step = step ** (2 / (_FINE - 1))
    return PowerLaws(*best)


def _regress(
    sizes_S: np.ndarray, errors_RS: np.ndarray, weights_RS: np.ndarray, exponents_RC: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Floor, scale and sum of squares [R, C] of the best law with each exponent."""
    # Sizes by the smallest one, so that no power underflows; the scale is put right at the end.
    relative_S = np.asarray(sizes_S, float) / sizes_S.min()
    x_RCS = relative_S[None, None, :] ** -exponents_RC[:, :, None]
    w_R1S, y_R1S = weights_RS[:, None, :], errors_RS[:, None, :]
    total_R1 = w_R1S.sum(-1)
    mean_x, mean_y = (w_R1S * x_RCS).sum(-1) / total_R1, (w_R1S * y_R1S).sum(-1) / total_R1
    apart_RCS = x_RCS - mean_x[:, :, None]
    slope = (w_R1S * apart_RCS * (y_R1S - mean_y[:, :, None])).sum(-1)
    slope = slope / np.maximum((w_R1S * apart_RCS**2).sum(-1), 1e-300)
    floor = mean_y - slope * mean_x
    through_0 = (w_R1S * x_RCS * y_R1S).sum(-1) / (w_R1S * x_RCS**2).sum(-1)
    slope, floor = np.where(floor < 0, through_0, slope), np.maximum(floor, 0.0)
    floor, slope = np.where(slope < 0, mean_y, floor), np.maximum(slope, 0.0)
    left_RCS = y_R1S - floor[:, :, None] - slope[:, :, None] * x_RCS
    scale = slope * float(sizes_S.min()) ** exponents_RC
    return floor, scale, (w_R1S * left_RCS**2).sum(-1)
