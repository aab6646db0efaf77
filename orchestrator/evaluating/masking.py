"""Signs of masked gradients in whatever is evaluated."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.evaluating.files import writing_to
from orchestrator.evaluating.ready import Ready
from trainables.atomic import write_json
from trainables.evaluating import SplitImages
from trainables.reports import Progress
from trainables.stratified import balanced_order

if TYPE_CHECKING:
    from trainables.attacks.masking_check import MaskingCheck

_SAMPLE_SEED = 0
_MOST = 64


def checking(
    ready: Ready, images: SplitImages, seconds: float
) -> Generator[Progress, None, MaskingCheck | None]:
    """On a balanced sample of the split; None where no time is given to it."""
    if seconds <= 0 or not len(images.labels_N):
        return None
    from trainables.attacks.masking_check import check_masking

    order_N = balanced_order(images.labels_N, np.random.default_rng(_SAMPLE_SEED))[:_MOST]
    return (
        yield from check_masking(
            ready.net(),
            images.images_NHWC[order_N],
            images.labels_N[order_N],
            seconds=seconds,
            device=str(ready.facts.get("device") or "cpu"),
        )
    )


def write_masking(
    folder: Path, split: str, found: MaskingCheck, *, own: bool = True
) -> tuple[Path, ...]:
    """Write `masking-SPLIT.json`; what a longer look found before is not replaced by none at all.

    Args:
        own: whether the folder is that of what was evaluated, so that a file there is about it.

    Raises:
        UnavailableError: the folder cannot be written.
    """
    path = folder / f"masking-{split}.json"
    if found.skipped and own and path.exists():
        return ()
    with writing_to(folder):
        write_json(path, found.to_json())
    return (path,)
