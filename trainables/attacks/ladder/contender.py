"""A net on the ladder, and all that is known of it on the sample.

Shapes: N images of the sample, R of them that are attacked, P perturbations, C H W an image.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn

from trainables.attacks.base import Attack
from trainables.attacks.ladder.kept import Perturbations
from trainables.attacks.ladder.sample import AttackedSample
from trainables.attacks.robustness import BATCH
from trainables.attacks.traces import CountingModel, leaving_no_trace


class Contender:
    """One net, left as it was found between two calls.

    Args:
        name: of its trial.
        model: images [N, C, H, W] in [0, 1] -> logits [N, K].
    """

    def __init__(
        self,
        name: str,
        model: nn.Module,
        sample: AttackedSample,
        *,
        device: str | torch.device = "cpu",
        batch_size: int = BATCH,
    ) -> None:
        self.name = name
        self._counting = CountingModel(model)
        self._sample = sample
        self._device = torch.device(device)
        self._batch = batch_size
        self.standing_N = np.zeros(len(sample), dtype=bool)
        """Right under all that was tried; before `look`, nothing is known to be."""
        self.classes = 0
        self.seconds = 0.0

    @property
    def passes(self) -> int:
        """Images forward and images backward, together."""
        return self._counting.passes

    def look(self) -> None:
        """The clean images: one pass forward each."""
        for rows_R in self._batches(np.arange(len(self._sample))):
            with self._working():
                pixels = self._sample.pixels(rows_R, self._device)
                self.standing_N[rows_R] = self._right(pixels, rows_R)

    def attack(self, attack: Attack, rows_R: np.ndarray) -> Perturbations:
        """Attack those of the images that stand; what broke them falls, and is given back."""
        rows_R = rows_R[self.standing_N[rows_R]]
        parts = [self._attack(attack, batch) for batch in self._batches(rows_R)]
        shape = self._sample.images_NHWC.shape[1:]
        none = Perturbations(np.empty(0, np.int64), np.empty((0, *shape), np.float16))
        return Perturbations(
            np.concatenate([none.rows_P, *(part.rows_P for part in parts)]),
            np.concatenate([none.deltas_PHWC, *(part.deltas_PHWC for part in parts)]),
        )

    def suffer(self, kept: Perturbations) -> int:
        """Try what broke other nets, on images that stand; how many fall."""
        stands_P = self.standing_N[kept.rows_P]
        rows_P, deltas_PHWC = kept.rows_P[stands_P], kept.deltas_PHWC[stands_P]
        fell = 0
        for places in self._batches(np.arange(len(rows_P))):
            with self._working():
                right = self._right_with(deltas_PHWC[places], rows_P[places])
            self.standing_N[rows_P[places][~right]] = False
            fell += int((~right).sum())
        return fell

    def _attack(self, attack: Attack, rows_R: np.ndarray) -> Perturbations:
        with self._working():
            clean_RCHW = self._sample.pixels(rows_R, self._device)
            labels_R = self._sample.labels(rows_R, self._device)
            attacked = attack(self._counting, clean_RCHW, labels_R, self._sample.eps)
            broken = ~self._right(attacked, rows_R)
            self.standing_N[rows_R[broken]] = False
            delta_RCHW = (attacked - clean_RCHW).detach()[torch.from_numpy(broken)]
            deltas = delta_RCHW.permute(0, 2, 3, 1).cpu().numpy().astype(np.float16)
            rows_P = rows_R[broken]
            # Rounding may have set a few right again; those would be of little use to others.
            still = ~self._right_with(deltas, rows_P)
        return Perturbations(rows_P[still], deltas[still])

    def _right_with(self, deltas_PHWC: np.ndarray, rows_P: np.ndarray) -> np.ndarray:
        """With these perturbations, projected: rounding may have put them outside of epsilon."""
        clean_PCHW = self._sample.pixels(rows_P, self._device)
        delta = torch.from_numpy(deltas_PHWC.astype(np.float32)).permute(0, 3, 1, 2)
        moved = self._sample.ball(clean_PCHW).project(clean_PCHW + delta.to(self._device))
        return self._right(moved, rows_P)

    @torch.no_grad()
    def _right(self, images_RCHW: torch.Tensor, rows_R: np.ndarray) -> np.ndarray:
        if not len(rows_R):
            return np.empty(0, dtype=bool)
        logits_RK = self._counting(images_RCHW)
        self.classes = logits_RK.shape[1]
        right: np.ndarray = logits_RK.argmax(dim=1).cpu().numpy() == self._sample.labels_N[rows_R]
        return right

    def _batches(self, rows_R: np.ndarray) -> Iterator[np.ndarray]:
        for start in range(0, len(rows_R), self._batch):
            yield rows_R[start : start + self._batch]

    @contextmanager
    def _working(self) -> Iterator[None]:
        began = time.monotonic()
        try:
            with leaving_no_trace(self._counting):
                yield
        finally:
            self.seconds += time.monotonic() - began
