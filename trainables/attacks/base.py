"""The base of an attack.

Shapes: N images, C H W channels and pixels of the data set's own resolution, in [0, 1], K classes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import nn

from trainables.attacks.losses import ascent, log_odds
from trainables.attacks.option import option, options_of

NORMS = ("linf", "l2")
Craft = Callable[[torch.Tensor, float], torch.Tensor]
"""(rows_R of the images, epsilon in units of the pixel range) -> attacked images [R, C, H, W]."""


@dataclass(frozen=True, kw_only=True)
class Attack(ABC):
    """Looks for images near the given ones that the model gets wrong.

    Called by `measure_robustness`, with the model in eval mode, one batch at a time, with images
    that it has right, from within `leaving_no_trace`. Whoever calls it asks the model about what
    it gives back. Randomness comes from `seed` and the image alone (`streams.py`), so a verdict
    does not hang on which images share a batch.

    Options are fields made by `option`; `NAME:option=value` sets them (`making.make_attack`).

    Raises:
        UsageError: an option out of its range.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    """One more whenever the same options would give other images than before."""

    norm: str = option("linf", "norm in which epsilon is measured", choices=NORMS)
    max_passes: int | None = option(
        None, "images forward and backward, at most; fewer images are attacked then", low=1
    )
    max_seconds: float | None = option(
        None, "seconds, at most; fewer images are attacked then", low=0.001, whole=False
    )
    seed: int = 0

    def __post_init__(self) -> None:
        for name, each in options_of(self).items():
            each.check(getattr(self, name))

    @abstractmethod
    def __call__(
        self, model: nn.Module, images01_NCHW: torch.Tensor, labels_N: torch.Tensor, eps: float
    ) -> torch.Tensor:
        """Attacked images in [0, 1], each within `eps` (in units of the pixel range) of its own."""

    def begin(self, model: nn.Module, images01_NCHW: torch.Tensor, labels_N: torch.Tensor) -> Craft:
        """What attacks any of these images at any epsilon; overridden where they share work."""

        def craft(rows_R: torch.Tensor, eps: float) -> torch.Tensor:
            return self(model, images01_NCHW[rows_R], labels_N[rows_R], eps)

        return craft

    def most_passes(self, _: int, /) -> tuple[int, int] | None:
        """Passes forward and backward that one image takes at one epsilon, if it never breaks.

        Without those of whoever calls it (clean image, verdict). Takes the number of classes.
        None: nobody knows.
        """
        return None

    @property
    def label(self) -> str:
        """What its figures are called after: `fgsm`, `pgd50`; `_l2` is added in that norm."""
        return self._stem() + ("" if self.norm == "linf" else f"_{self.norm}")

    def _stem(self) -> str:
        return self.name

    def describe(self) -> dict[str, Any]:
        """What the score's provenance says of the attack: all that its images depend on."""
        limits = {"max_passes", "max_seconds"}  # on the sample, which has a digest of its own
        options = {n: getattr(self, n) for n in options_of(self) if n not in limits}
        return {
            "attack": self.label,
            "attack_version": self.version,
            **options,
            "seed": self.seed,
        }


def loss_gradient(
    model: nn.Module, images01_NCHW: torch.Tensor, labels_N: torch.Tensor
) -> torch.Tensor:
    """Gradient of `log_odds`: that of cross-entropy up to a positive factor an image."""
    return ascent(model, images01_NCHW, labels_N[:, None], log_odds).gradient_NCHW
