"""Signs of masked gradients, looked for within a budget of seconds.

`look_for_masking` takes a few hundred passes an image; here a pass is timed first, and as many
images and black-box queries are taken as the seconds allow, at the worst. Shapes: N images.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn

from trainables.attacks.alarms import Alarm
from trainables.attacks.base import loss_gradient
from trainables.attacks.masking import look_for_masking
from trainables.attacks.traces import leaving_no_trace
from trainables.reports import Progress

# Images and queries, the most telling first. With 16 images a sign test at 0.01 still tells 7 that
# turned from none: 2^-7 is 0.008.
_SIZES = ((64, 300), (64, 100), (32, 100), (16, 100), (16, 50))
# Passes of an image that never breaks, beside the queries: FGSM over four epsilons, PGD in 1, 5,
# 20, 20 and 20 steps, and the clean and the last image of each.
_FORWARD, _BACKWARD = 88, 67
_TIMED = 8


@dataclass(frozen=True)
class MaskingCheck:
    """What was looked for, and what was found.

    Args:
        alarms: signs that robust accuracy is not to be believed.
        figures: accuracies under the attacks that must agree, by name.
        images, queries: how many there was time for; 0 where it was not looked for.
        passes: images forward and backward.
        skipped: why it was not looked for, in words; "" where it was.
    """

    alarms: tuple[Alarm, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)
    images: int = 0
    queries: int = 0
    passes: int = 0
    seconds: float = 0.0
    skipped: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the alarms."""
        return tuple(alarm.name for alarm in self.alarms)

    def to_json(self) -> dict[str, Any]:
        """Keys as in `docs/json.md`."""
        return {
            "alarms": [asdict(alarm) for alarm in self.alarms],
            "figures": dict(self.figures),
            **{name: getattr(self, name) for name in ("images", "queries", "passes")},
            "seconds": self.seconds,
            "skipped": self.skipped,
        }


def check_masking(
    model: nn.Module,
    images_NHWC: np.ndarray,
    labels_N: np.ndarray,
    *,
    seconds: float,
    device: str | torch.device = "cpu",
    seed: int = 0,
) -> Generator[Progress, None, MaskingCheck]:
    """In L-infinity at 8/255, on the first images of a balanced sample.

    Args:
        model: images [N, C, H, W] in [0, 1] -> logits [N, K]; left as it was found.
        images_NHWC: uint8; at most 64 are used.
        seconds: not exceeded by much, whatever the net does.

    Raises:
        UsageError: no images.
    """
    began = time.monotonic()
    yield Progress("looking for masked gradients")
    forward, backward = _pass_seconds(model, images_NHWC[:_TIMED], labels_N[:_TIMED], device)
    size = size_within(seconds, len(labels_N), forward, backward)
    if size is None:
        images, queries = _SIZES[-1]
        least = _cost(images, queries, forward, backward)
        words = (
            f"{images} images would take about {least:.0f} s, and there are {seconds:g} s for it"
        )
        return MaskingCheck(skipped=words, seconds=time.monotonic() - began)
    images, queries = size
    found = yield from look_for_masking(
        model, images_NHWC[:images], labels_N[:images], seed=seed, queries=queries, device=device
    )
    return MaskingCheck(
        alarms=found.alarms,
        figures=found.figures,
        images=images,
        queries=queries,
        passes=found.passes,
        seconds=time.monotonic() - began,
    )


def size_within(
    seconds: float, count: int, forward: float, backward: float
) -> tuple[int, int] | None:
    """Images, of `count` there are, and queries that fit, at the worst; None where none do.

    Args:
        forward, backward: seconds of one image.
    """
    for images, queries in _SIZES:
        kept = min(images, count)
        if _cost(kept, queries, forward, backward) <= seconds:
            return kept, queries
    return None


def _cost(images: int, queries: int, forward: float, backward: float) -> float:
    return images * ((_FORWARD + queries) * forward + _BACKWARD * backward)


def _pass_seconds(
    model: nn.Module, images_NHWC: np.ndarray, labels_N: np.ndarray, device: str | torch.device
) -> tuple[float, float]:
    """Seconds of one image forward, and of one backward; the second of two tries each."""
    pixels = torch.from_numpy(np.ascontiguousarray(images_NHWC)).to(device)
    images_NCHW = pixels.permute(0, 3, 1, 2).float() / 255
    labels = torch.from_numpy(np.array(labels_N, dtype=np.int64)).to(device)
    taken = (0.0, 0.0)
    with leaving_no_trace(model):
        for _ in range(2):  # the first one also builds what a backend keeps
            began = time.perf_counter()
            with torch.no_grad():
                _wait_for(model(images_NCHW))
            between = time.perf_counter()
            _wait_for(loss_gradient(model, images_NCHW, labels))
            both = time.perf_counter() - between
            forward = between - began
            taken = (forward / len(labels), max(both - forward, 0.0) / len(labels))
    return taken


def _wait_for(result: torch.Tensor) -> None:
    """A GPU computes on while Python goes ahead."""
    if result.is_cuda:
        torch.cuda.synchronize(result.device)
