"""FixMatch's loss (Sohn et al., FixMatch, 2020, equations 3 and 4): a batch, and a pool beside it.

Each unlabelled image is changed weakly and strongly. Where the net gives the likeliest class of the
weakly changed one at least `threshold`, that class is the label of the strongly changed one; no
gradient flows through it. All images go through the net together, so that BatchNorm sees one batch.

Shapes: P labelled images of a part of a batch, U unlabelled beside the batch, Q of them beside the
part, C H W channels and pixels in [0, 1], K classes.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional

from trainables.augment.base import Augmentation
from trainables.objectives.base import Learner
from trainables.objectives.clean import cross_entropy


@dataclass(frozen=True, eq=False)
class Views:
    """The unlabelled images beside a batch, changed in two ways."""

    weak_UCHW: torch.Tensor
    strong_UCHW: torch.Tensor

    def parts(self, count: int) -> list[Views]:
        """`count` parts of about the same size."""
        pairs = zip(
            self.weak_UCHW.tensor_split(count), self.strong_UCHW.tensor_split(count), strict=True
        )
        return [Views(weak, strong) for weak, strong in pairs]

    def __len__(self) -> int:
        return len(self.weak_UCHW)


@dataclass(frozen=True)
class FixMatch:
    """Cross-entropy on labelled images, and `weight` times that on unlabelled ones.

    Args:
        threshold: the least probability of a pseudo-label.
    """

    weak: Augmentation
    strong: Augmentation
    threshold: float
    weight: float
    label_smoothing: float = 0.0

    def views(
        self,
        images_UCHW: torch.Tensor,
        generator: torch.Generator,
        *,
        epoch: int,
        rows_U: torch.Tensor,
    ) -> Views:
        """Of images in [0, 1]."""
        weak_UCHW = self.weak(images_UCHW, generator, epoch=epoch, rows_N=rows_U)
        strong_UCHW = self.strong(images_UCHW, generator, epoch=epoch, rows_N=rows_U)
        return Views(weak_UCHW, strong_UCHW)

    def __call__(
        self,
        learner: Learner,
        inputs_P: torch.Tensor,
        targets_PK: torch.Tensor,
        views: Views,
        share: float,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Summed loss of a part, its logits [P, K], and how many of Q had a pseudo-label.

        Args:
            share: labelled images of the whole batch over unlabelled ones beside it, B / U: the
                sums of all parts over B are the mean over B and the mean over U.
        """
        together = torch.cat([inputs_P, views.weak_UCHW, views.strong_UCHW])
        logits = learner.net(together).float()
        logits_PK, weak_QK, strong_QK = logits.split([len(inputs_P), len(views), len(views)])
        supervised = cross_entropy(logits_PK, targets_PK, self.label_smoothing).sum()
        unlabelled_Q, sure_Q = consistency(weak_QK.detach(), strong_QK, self.threshold)
        loss = supervised + self.weight * share * unlabelled_Q.sum()
        return loss, logits_PK, sure_Q.sum()


def consistency(
    weak_QK: torch.Tensor, strong_QK: torch.Tensor, threshold: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Loss of each unlabelled image [Q], 0 where nothing is sure; and whether it was sure [Q]."""
    sure_Q, label_Q = weak_QK.softmax(1).max(1)
    is_sure_Q = sure_Q >= threshold
    loss_Q = functional.cross_entropy(strong_QK, label_Q, reduction="none")
    return loss_Q * is_sure_Q, is_sure_Q


def found_labels(logits_PK: torch.Tensor, threshold: float, nothing: int) -> torch.Tensor:
    """int64 [P]: the likeliest class where it is sure enough, `nothing` elsewhere."""
    sure_P, label_P = logits_PK.softmax(1).max(1)
    return torch.where(sure_P >= threshold, label_P, nothing)
