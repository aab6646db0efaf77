"""Accuracy under an attack by epsilon, through the whole net.

Features cached from clean images cannot serve: the attack moves pixels, so every pass goes through
resizing, body and head. Epsilons are in units of 1/255 of the data set's own pixels.

Shapes: N images, B in a batch, R of these that the model has right, S that are attacked, P that
break; C H W channels and pixels, E epsilons (the first one 0), K classes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from search_spaces.errors import UsageError
from trainables.attacks.base import Attack, Craft
from trainables.attacks.budget import Budget
from trainables.attacks.epsilons import check_epsilons
from trainables.attacks.provenance import provenance_of
from trainables.attacks.score import score_eps_255
from trainables.attacks.traces import CountingModel, leaving_no_trace
from trainables.attacks.warnings import Suspicions
from trainables.reports import Examples, Progress, RobustnessCurve

_PROGRESS_SECONDS = 1.0
# 32 images at 224 px keep a backward pass of the largest body under 2 GB.
BATCH = 32


@dataclass(frozen=True, eq=False)
class Robustness:
    """The curve, a few of the images that it was measured on, and the verdict on each.

    Args:
        right_EN: bool: the model has the image right under the attack at this epsilon; images in
            the order they were given, those that the attack's limits left time for.
    """

    curve: RobustnessCurve
    examples: Examples
    right_EN: np.ndarray


def measure_robustness(
    model: nn.Module,
    images_NHWC: np.ndarray,
    labels_N: np.ndarray,
    attack: Attack,
    eps_255: Sequence[float],
    *,
    provenance: Mapping[str, Any],
    batch_size: int = BATCH,
    examples: int = 8,
    device: str | torch.device = "cpu",
    broke: Callable[[int, torch.Tensor, torch.Tensor], None] | None = None,
    leaving: bool = False,
) -> Generator[Progress, None, Robustness]:
    """Attacks the images that the model has right, once an epsilon; the others count as lost.

    Where the attack has a limit in passes or seconds, batches are attacked as long as it lasts (to
    within one batch; the first always), and the figures are of those images: `count` says how many.

    Args:
        model: images [N, C, H, W] in [0, 1] -> logits [N, K]; left as it was found.
        images_NHWC: uint8, at the data set's own resolution.
        eps_255: ascending from 0, in units of 1/255.
        provenance: what the caller knows (`precision`, `input_size`); completed here.
        examples: number of attacked images kept, at the largest epsilon up to 8/255 (L2: 128/255).
        broke: is given what broke the model: the epsilon's place in `eps_255`, rows of the images,
            and how they were changed [P, C, H, W].
        leaving: what is broken at one epsilon counts as broken at all larger ones, and is not
            attacked there: the worst case is the same, in half the passes. The first batch is
            attacked at all of them nevertheless, to see whether accuracy rises with epsilon.

    Raises:
        UsageError: epsilons that do not ascend from 0, or no images.
    """
    epsilons = check_epsilons(eps_255)
    if len(images_NHWC) == 0:
        raise UsageError("Robustness is measured on at least one image.", got=0)
    run = _Run(model, attack, epsilons, examples, torch.device(device), broke, leaving)
    total, done = len(labels_N), 0
    yield Progress("attacking", 0, total)
    told, budget = time.monotonic(), Budget(attack.max_passes, attack.max_seconds)
    while size := min(budget.images(batch_size, done, run.model.passes), total - done):
        run.batch(images_NHWC[done : done + size], labels_N[done : done + size])
        done += size
        if time.monotonic() - told >= _PROGRESS_SECONDS or done == total:
            told = time.monotonic()
            yield Progress("attacking", done, total)
    asked = {"count_asked": total} if done < total else {}
    return run.result(images_NHWC[:done], labels_N[:done], {**provenance, **asked})


@dataclass(frozen=True, eq=False)
class _Batch:
    """The images of a batch that are attacked.

    Args:
        places_R: in the batch.
        sure_R: the chance that the net gives its class for the clean image.
    """

    images_RCHW: torch.Tensor
    labels_R: torch.Tensor
    places_R: torch.Tensor
    sure_R: torch.Tensor


class _Run:
    """What has been measured so far; torch's modes and generators are as before between batches."""

    def __init__(
        self,
        model: nn.Module,
        attack: Attack,
        eps_255: tuple[float, ...],
        examples: int,
        device: torch.device,
        broke: Callable[[int, torch.Tensor, torch.Tensor], None] | None,
        leaving: bool,
    ) -> None:
        self.model = CountingModel(model)
        self.attack = attack
        self.eps_255 = eps_255
        self.device = device
        self.right: list[np.ndarray] = []  # [E, B] of each batch
        self.suspicions = Suspicions()
        self.wanted = examples
        self.broke, self.done = broke, 0
        self.leaving = leaving
        self.kept: list[tuple[np.ndarray, ...]] = []
        self.kept_eps = max(eps for eps in eps_255 if eps <= score_eps_255(attack.norm))

    def batch(self, images_BHWC: np.ndarray, labels_B: np.ndarray) -> None:
        """Verdicts of one batch at every epsilon."""
        pixels = torch.from_numpy(np.ascontiguousarray(images_BHWC)).to(self.device)
        images_BCHW = pixels.permute(0, 3, 1, 2).float() / 255
        labels = torch.from_numpy(np.array(labels_B, dtype=np.int64)).to(self.device)
        with leaving_no_trace(self.model):
            logits_BK = self._logits(images_BCHW)
            right_B = logits_BK.argmax(dim=1) == labels
            right_EB = torch.zeros(len(self.eps_255), len(labels), dtype=torch.bool)
            right_EB[0] = right_B
            picked = right_B.nonzero()[:, 0]
            if len(picked):
                sure_R = _confidence(logits_BK[picked])
                batch = _Batch(images_BCHW[picked], labels[picked], picked, sure_R)
                self._attack(batch, right_EB)
        self.right.append(right_EB.numpy())
        self.done += len(labels_B)

    def _attack(self, batch: _Batch, right_EB: torch.Tensor) -> None:
        """Sets who stands at each epsilon above 0."""
        rows_S = torch.arange(len(batch.labels_R), device=self.device)
        with self.suspicions.watching(self.model):
            craft = self.attack.begin(self.model, batch.images_RCHW, batch.labels_R)
            for e in range(1, len(self.eps_255)):
                wrong_S = self._broken(e, batch, rows_S, craft)
                right_EB[e, batch.places_R[rows_S].cpu()] = ~wrong_S.cpu()
                if self.leaving and self.right:
                    rows_S = rows_S[~wrong_S]
                if not len(rows_S):
                    return

    def _broken(self, e: int, batch: _Batch, rows_S: torch.Tensor, craft: Craft) -> torch.Tensor:
        """Which of these images of the batch break at one epsilon, bool [S]."""
        attacked_SCHW = craft(rows_S, self.eps_255[e] / 255)
        logits_SK = self._logits(attacked_SCHW)
        wrong_S = logits_SK.argmax(dim=1) != batch.labels_R[rows_S]
        if self.broke is not None:
            rows_P = rows_S[wrong_S]
            change_PCHW = attacked_SCHW[wrong_S] - batch.images_RCHW[rows_P]
            self.broke(e, self.done + batch.places_R[rows_P], change_PCHW)
        if self.eps_255[e] == self.kept_eps:
            self._keep(batch, rows_S, attacked_SCHW, logits_SK)
        return wrong_S

    @torch.no_grad()
    def _logits(self, images01_NCHW: torch.Tensor) -> torch.Tensor:
        logits_NK: torch.Tensor = self.model(images01_NCHW)
        return logits_NK

    def _keep(
        self,
        batch: _Batch,
        rows_S: torch.Tensor,
        attacked_SCHW: torch.Tensor,
        logits_SK: torch.Tensor,
    ) -> None:
        left = self.wanted - sum(len(kept[0]) for kept in self.kept)
        if left > 0:
            rows = rows_S[:left]
            tensors = (
                *(batch.images_RCHW[rows], attacked_SCHW[:left]),
                *(batch.labels_R[rows], logits_SK[:left].argmax(dim=1)),
                *(batch.sure_R[rows], _confidence(logits_SK[:left])),
            )
            self.kept.append(tuple(t.detach().cpu().numpy() for t in tensors))

    def result(
        self, images_NHWC: np.ndarray, labels_N: np.ndarray, provenance: Mapping[str, Any]
    ) -> Robustness:
        """The curve with everything that its figures depend on."""
        right_EN = np.concatenate(self.right, axis=1)
        alarms = self.suspicions.alarms(self.right[0] if self.leaving else right_EN, self.eps_255)
        if self.leaving:
            right_EN = np.logical_and.accumulate(right_EN)
        known = {
            **provenance,
            "zero_gradient_share": self.suspicions.zero_share,
            "alarms": [asdict(alarm) for alarm in alarms],
            "warnings": [alarm.words for alarm in alarms],
        }
        worst_E = np.logical_and.accumulate(right_EN).mean(axis=1)
        curve = RobustnessCurve(
            eps_255=self.eps_255,
            accuracy=tuple(float(a) for a in right_EN.mean(axis=1)),
            worst_case=tuple(float(w) for w in worst_E),
            count=len(labels_N),
            provenance=provenance_of(
                self.attack, self.eps_255, images_NHWC, labels_N, self.model, known
            ),
        )
        return Robustness(curve, self._examples(images_NHWC), right_EN)

    def _examples(self, images_NHWC: np.ndarray) -> Examples:
        if not self.kept:  # nothing was right to begin with, or there is no epsilon up to 8/255
            shape = (0, *images_NHWC.shape[1:])
            none = np.empty(0, dtype=np.int64)
            return Examples(
                self.kept_eps, np.empty(shape, np.uint8), np.empty(shape, np.float32),
                none, none, none,
            )  # fmt: skip
        clean, attacked, labels, predicted, clean_sure, attacked_sure = (
            np.concatenate(p) for p in zip(*self.kept, strict=True)
        )
        return Examples(
            eps_255=self.kept_eps,
            clean_NHWC=np.rint(clean.transpose(0, 2, 3, 1) * 255).astype(np.uint8),
            attacked_NHWC=attacked.transpose(0, 2, 3, 1),
            labels_N=labels,
            clean_predicted_N=labels,  # only what was right is attacked
            attacked_predicted_N=predicted,
            clean_confidence_N=clean_sure,
            attacked_confidence_N=attacked_sure,
        )


def _confidence(logits_NK: torch.Tensor) -> torch.Tensor:
    """The chance that the net gives the class it takes the image for, [N] float32."""
    return logits_NK.float().softmax(dim=1).amax(dim=1)
