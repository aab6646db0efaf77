"""What waits for the net: images of one size, of one request, and where its answer goes.

Shapes: N images, H W C an image of C = 3 channels, K classes.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from typing import Literal

import numpy as np

from orchestrator.serving.served_model import ServedModel

Wanted = Literal["predict", "logits"]
"""The method of the classifier that is called."""


@dataclass(frozen=True, eq=False)
class Job:
    """Images of one size, of one request, to go through one model in one pass."""

    images_NHWC: np.ndarray
    model: ServedModel
    wanted: Wanted
    answer: asyncio.Future[np.ndarray]

    @property
    def kind(self) -> tuple[int, Wanted, tuple[int, ...]]:
        """Jobs of one kind can share a pass."""
        return id(self.model), self.wanted, self.images_NHWC.shape[1:]


def by_kind(jobs: list[Job]) -> list[list[Job]]:
    """Those that can share a pass, in the order of their first."""
    kinds: dict[object, list[Job]] = defaultdict(list)
    for job in jobs:
        kinds[job.kind].append(job)
    return list(kinds.values())


def pixels(images_NHWC: np.ndarray) -> int:
    """Of all images together."""
    return int(np.prod(images_NHWC.shape[:3]))


def hand(job: Job, result: np.ndarray | Exception) -> None:
    """From the thread to the loop in which the request waits."""
    job.answer.get_loop().call_soon_threadsafe(_settle, job.answer, result)


def _settle(answer: asyncio.Future[np.ndarray], result: np.ndarray | Exception) -> None:
    if answer.done():
        return  # the client went away
    if isinstance(result, Exception):
        answer.set_exception(result)
    else:
        answer.set_result(result)
