"""What nets show on the test split, which is opened here, once for both of them.

Shapes: N images, M of them attacked, H W C an image, K classes, E epsilons (the first one 0).
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn

from orchestrator.promoting.evidence import Survival
from orchestrator.promoting.strongest import ChosenAttack
from trainables.attacks.masking_check import check_masking
from trainables.attacks.robustness import measure_robustness
from trainables.attacks.transfer import Transferable
from trainables.data import ImageData, open_test
from trainables.reports import Progress
from trainables.stratified import balanced_order

BATCH = 100
_SAMPLE_SEED = 0  # the same images are attacked in every promotion on the same data


@dataclass(frozen=True, eq=False)
class TestImages:
    """The whole test split, and the balanced sample of it that is attacked."""

    __test__ = False  # not a test class, whatever pytest makes of the name

    images_NHWC: np.ndarray
    labels_N: np.ndarray
    attacked_M: np.ndarray


def open_test_images(data: ImageData, *, purpose: str, attacked: int) -> TestImages:
    """Opens the test split; the ledger of the data counts it.

    Args:
        attacked: images of the sample, at the most.

    Raises:
        UsageError: the data has no test split.
        UnavailableError: the opening cannot be written down.
    """
    images_NHWC, labels_N = open_test(data, purpose=purpose)
    labels_N = np.asarray(labels_N)
    order_N = balanced_order(labels_N, np.random.default_rng(_SAMPLE_SEED))
    return TestImages(images_NHWC, labels_N, order_N[:attacked])


def right_on(net: nn.Module, test: TestImages) -> Generator[Progress, None, np.ndarray]:
    """Whether the net has each image right, bool [N]."""
    total, parts = len(test.labels_N), []
    for start in range(0, total, BATCH):
        yield Progress("predicting the test images", start, total)
        images_NHWC = np.array(test.images_NHWC[start : start + BATCH])  # torch must own it
        with torch.no_grad():
            images_NCHW = torch.from_numpy(images_NHWC).permute(0, 3, 1, 2).float() / 255
            logits_NK = net(images_NCHW)
        if not bool(torch.isfinite(logits_NK).all()):
            logits_NK = torch.nan_to_num(logits_NK, nan=-torch.inf)
        parts.append(logits_NK.argmax(dim=1).numpy() == test.labels_N[start : start + BATCH])
    return np.concatenate(parts)


def survival_on(
    net: nn.Module,
    test: TestImages,
    chosen: ChosenAttack,
    eps_255: Sequence[float],
    *,
    broke: Transferable | None = None,
) -> Generator[Progress, None, Survival]:
    """The sample under the attack, at each epsilon and all smaller ones.

    Args:
        broke: takes what the attack finds, for the other net.
    """
    found = yield from measure_robustness(
        net,
        test.images_NHWC[test.attacked_M],
        test.labels_N[test.attacked_M],
        chosen.attack,
        eps_255,
        provenance={"split": "test", "precision": "float32", "chosen": chosen.reason},
        examples=0,
        broke=None if broke is None else broke.hear,
    )
    provenance = dict(found.curve.provenance)
    warnings = provenance.get("warnings") or ()
    return Survival(
        right_ME=np.logical_and.accumulate(found.right_EN).T,
        eps_255=tuple(float(eps) for eps in eps_255),
        specification=chosen.attack.describe(),
        provenance=provenance,
        warnings=tuple(str(words) for words in warnings),
    )


def with_masking(
    net: nn.Module, test: TestImages, survival: Survival, seconds: float
) -> Generator[Progress, None, Survival]:
    """`survival` with the signs of masked gradients that attacks which must agree have shown.

    They change no verdict: a person reads them beside the decision, and in the version's tags.
    """
    rows_M = test.attacked_M
    found = yield from check_masking(
        net, test.images_NHWC[rows_M], test.labels_N[rows_M], seconds=seconds
    )
    known = list(survival.provenance.get("alarms") or ())
    names = {alarm["name"] for alarm in known}
    fresh = [alarm for alarm in found.to_json()["alarms"] if alarm["name"] not in names]
    provenance = {**survival.provenance, "alarms": known + fresh, "masking": found.to_json()}
    words = tuple(str(alarm["words"]) for alarm in fresh)
    return replace(survival, provenance=provenance, warnings=survival.warnings + words)
