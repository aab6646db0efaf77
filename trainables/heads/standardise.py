"""Standardisation by each head's own training rows, and its folding into a plain linear layer.

Shapes: H heads, N examples, F features, K classes.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Scaling:
    """z = (x - mean) * scale for each head; a feature that never varies gets scale 0."""

    mean_HF: torch.Tensor
    scale_HF: torch.Tensor

    @classmethod
    def of(cls, features_NF: torch.Tensor, rows: list[torch.Tensor]) -> Scaling:
        """Population statistics (as scikit-learn's StandardScaler) of each head's rows."""
        means, scales = [], []
        for rows_N in rows:
            x_NF = features_NF[rows_N].double()
            std_F, mean_F = torch.std_mean(x_NF, dim=0, correction=0)
            varies_F = std_F > 1e-7 * mean_F.abs() + 1e-12
            scales.append(torch.where(varies_F, 1 / std_F, 0.0).float())
            means.append(mean_F.float())
        return cls(torch.stack(means), torch.stack(scales))

    def apply(self, x_NF: torch.Tensor, head: int) -> torch.Tensor:
        """What head number `head` sees of raw features."""
        return (x_NF - self.mean_HF[head]) * self.scale_HF[head]

    def fold(
        self, weight_HKF: torch.Tensor, bias_HK: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Weight and bias that do on raw features what the arguments do on standardised ones."""
        folded_HKF = weight_HKF * self.scale_HF[:, None]
        shift_HK = torch.bmm(folded_HKF.double(), self.mean_HF[:, :, None].double())[:, :, 0]
        return folded_HKF, (bias_HK.double() - shift_HK).float()
