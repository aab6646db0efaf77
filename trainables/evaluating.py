"""A finished trial put together again, and what it says of a split.

The net computes as it did in its trial (same precision, same folded body), so that its figures of
the validation split are the trial's own: the accuracy is the same, the loss to about 1e-5 in
float32, where the size of a batch decides the order of additions.

Shapes: N images, H W C an image, K classes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from search_spaces.errors import UsageError
from trainables.config import TrialConfig
from trainables.data import ImageData, open_test
from trainables.record import TrialRecord
from trainables.reports import Progress
from trainables.setup import TrialSetup, prepare
from trainables.splits import Splits
from trainables.splitting import chooses_images

Split = Literal["train", "val", "test"]
Classify = Callable[[np.ndarray], np.ndarray]
"""uint8 images [N, H, W, 3] to logits [N, K]."""

BATCH = 100  # images at a time: bounds the memory of a large body on a small machine


@dataclass(frozen=True, eq=False)
class SplitImages:
    """The images of one split; `indices_N` are their places in what the data set calls its own."""

    split: Split
    indices_N: np.ndarray
    images_NHWC: np.ndarray
    labels_N: np.ndarray

    def shown(self, indices: list[int]) -> np.ndarray:
        """The images of these places in the data set, in this order."""
        at = {int(index): row for row, index in enumerate(self.indices_N)}
        return self.images_NHWC[[at[index] for index in indices]]


def prepare_again(record: TrialRecord, *, device: str = "auto") -> TrialSetup:
    """Data, split and weights of a finished trial, the same as then.

    Args:
        record: of the trial; its config may name another folder for the data than it did then.

    Raises:
        UsageError: the trial of a trainable of somebody's own, or one whose data, split or
            weights have changed since.
        UnavailableError: data or weights cannot be had here.
    """
    if not isinstance(record.config, TrialConfig):
        raise UsageError(
            "An evaluation needs logits, which a trainable of one's own does not leave.",
            got=str(record.folder),
        )
    setup = prepare(record.config.replace(device=device))
    splits = as_trained(record, setup.splits, setup.data.digest)
    setup = dataclasses.replace(setup, splits=splits)
    now = {
        "data": setup.data.digest,
        "split": _split_digest(record, setup.splits),
        "weights": setup.key.weights_digest,
    }
    for what, digest in record.report.digests.items():
        if now.get(what, digest) != digest:
            raise UsageError(
                f"A trial is evaluated with the {what} that it was trained with, and those of "
                f"{_OF[what](record.config)} have changed since: their digest was {digest}.",
                got=now[what],
                hint="Bring the old ones back, or search again.",
            )
    return setup


_OF: dict[str, Callable[[TrialConfig], str]] = {
    "data": lambda config: config.data,
    "split": lambda config: config.data,
    "weights": lambda config: config.backbone,
}


def as_trained(record: TrialRecord, splits: Splits, data_digest: str) -> Splits:
    """`splits` with the training images that the trial wrote down, where a strategy chose them."""
    chosen = [part.indices_N for part in record.report.predictions if part.split == "train"]
    if not (isinstance(record.config, TrialConfig) and chooses_images(record.config) and chosen):
        return splits
    return splits.with_training(chosen[0], data_digest)


def _split_digest(record: TrialRecord, splits: Splits) -> str:
    """That of the trial where training and validation images are the same as then.

    The digest covers the attacked images too, whose number is another one on a GPU.
    """
    now = {"train": splits.train, "val": splits.val}
    then = {part.split: part.indices_N for part in record.report.predictions}
    same = then and all(np.array_equal(now[name], rows_N) for name, rows_N in then.items())
    return str(record.report.digests.get("split", "")) if same else splits.digest


def trial_classifier(
    config: TrialConfig, setup: TrialSetup, weights: Mapping[str, np.ndarray]
) -> Classify:
    """The net of a finished trial in the arithmetic of its trial, on `setup.one_device`."""
    import torch

    from trainables.trial_model import trial_model

    model = trial_model(config, setup, weights)

    def classify(images_NHWC: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            images = torch.from_numpy(np.ascontiguousarray(images_NHWC.transpose(0, 3, 1, 2)))
            logits_NK: np.ndarray = model(images.to(setup.one_device)).float().cpu().numpy()
        return logits_NK

    return classify


def split_images(
    data: ImageData, splits: Splits | None, split: Split, *, purpose: str
) -> SplitImages:
    """The images of `split`; the test split through its one door, which counts it.

    Args:
        splits: None where nobody knows which images were trained on: then only `test` will do.
        purpose: written down with the opening.

    Raises:
        UsageError: data without a test split, or no `splits` for another one.
        UnavailableError: the opening cannot be written down.
    """
    if split == "test":
        images_NHWC, labels_N = open_test(data, purpose=purpose)
        return SplitImages(split, np.arange(len(labels_N)), images_NHWC, np.asarray(labels_N))
    if splits is None:
        rule = "A model that no trial is known of can be evaluated on the test split only."
        raise UsageError(rule, got=split, hint="Add: --split test")
    rows_N = splits.train if split == "train" else splits.val
    if not len(rows_N):
        rule = f"A net that was validated by {splits.validation} has no images set aside."
        hint = "Add: --split test. Its validation figures are in the study: orchestrator show."
        raise UsageError(rule, got=split, hint=hint)
    labels_N = np.asarray(data.labels_N)[rows_N]
    return SplitImages(split, rows_N, data.images_NHWC[rows_N], labels_N)


def predict(classify: Classify, images: SplitImages) -> Generator[Progress, None, np.ndarray]:
    """Logits [N, K] of a split, batch after batch."""
    total, parts = len(images.labels_N), []
    for start in range(0, total, BATCH):
        yield Progress("predicting", start, total)
        parts.append(classify(images.images_NHWC[start : start + BATCH]))
    return np.concatenate(parts)
