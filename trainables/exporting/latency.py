"""How long a net takes to answer, and how much memory, one image at a time and 64 at a time.

Shapes: N images of a batch, H W an image.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from trainables.exporting.memory import forget_peak, peak_bytes

BATCHES = (1, 64)
_SECONDS = 4.0  # of measuring a batch size, unless it then had fewer answers than _LEAST
_LEAST, _MOST = 10, 200
_WARM = 2  # first answers are slow: memory is asked for, kernels are chosen


@dataclass(frozen=True)
class BatchLatency:
    """Figures of one batch size.

    Args:
        batch: images in a batch.
        median_ms, p95_ms: milliseconds a batch; the 95th percentile is the smallest measured
            time that 95 % of the answers did not exceed, so with fewer than 20 the largest.
        n: answers that were timed.
        peak_mb: most resident memory of the whole process meanwhile, in 10^6 bytes.
    """

    batch: int
    median_ms: float
    p95_ms: float
    n: int
    peak_mb: float


@dataclass(frozen=True)
class LatencyReport:
    """How fast a net answers on this machine.

    Args:
        batches: ascending by size.
        threads: of torch.
        height, width: pixels of the images it was asked about.
        loaded_mb: resident memory of the process before the first answer, in 10^6 bytes.
    """

    batches: tuple[BatchLatency, ...]
    threads: int
    height: int
    width: int
    loaded_mb: float

    def at(self, batch: int) -> BatchLatency:
        """The figures of that batch size.

        Raises:
            KeyError: it was not measured.
        """
        for each in self.batches:
            if each.batch == batch:
                return each
        raise KeyError(batch)

    @property
    def peak_mb(self) -> float:
        """The most memory at any batch size, in 10^6 bytes."""
        return max(each.peak_mb for each in self.batches)

    def metrics(self) -> dict[str, float]:
        """`latency_ms_N`, `latency_p95_ms_N` and `peak_memory_mb_N` by batch size N."""
        return {
            f"{name}_{each.batch}": value
            for each in self.batches
            for name, value in (
                ("latency_ms", each.median_ms),
                ("latency_p95_ms", each.p95_ms),
                ("peak_memory_mb", each.peak_mb),
            )
        }

    def to_json(self) -> dict[str, Any]:
        """Plain values; `from_json` reads them back."""
        return {**vars(self), "batches": [dict(vars(each)) for each in self.batches]}

    @classmethod
    def from_json(cls, held: dict[str, Any]) -> LatencyReport:
        """What `to_json` gave."""
        batches = tuple(BatchLatency(**each) for each in held["batches"])
        return cls(**{**held, "batches": batches})


def measure_latency(
    answer: Callable[[torch.Tensor], object],
    image_HWC: np.ndarray,
    *,
    batches: Sequence[int] = BATCHES,
    seconds: float = _SECONDS,
    clock: Callable[[], float] = time.perf_counter,
) -> LatencyReport:
    """Time `answer` on batches of one image, repeated, in this process and with its threads.

    Args:
        answer: takes uint8 [N, H, W, 3].
        batches: sizes; measured from the smallest, since memory that was taken may stay taken.
        seconds: about so long for each size, at least 10 answers and at most 200.
    """
    forget_peak()
    loaded = peak_bytes()
    figures = []
    for batch in sorted(batches):
        images = torch.from_numpy(np.repeat(image_HWC[None], batch, axis=0))
        forget_peak()
        times = _times(answer, images, seconds, clock)
        figures.append(
            BatchLatency(
                batch,
                median_ms=1000 * statistics.median(times),
                p95_ms=1000 * sorted(times)[math.ceil(0.95 * len(times)) - 1],
                n=len(times),
                peak_mb=peak_bytes() / 1e6,
            )
        )
    height, width = image_HWC.shape[:2]
    return LatencyReport(tuple(figures), torch.get_num_threads(), height, width, loaded / 1e6)


def _times(
    answer: Callable[[torch.Tensor], object],
    images: torch.Tensor,
    seconds: float,
    clock: Callable[[], float],
) -> list[float]:
    times: list[float] = []
    with torch.inference_mode():
        for _ in range(_WARM):
            answer(images)
        until = clock() + seconds
        while len(times) < _LEAST or (clock() < until and len(times) < _MOST):
            began = clock()
            answer(images)
            times.append(clock() - began)
    return times
