"""One thread predicts; requests that wait while it is busy go through the net together.

Shapes: N images, H W C an image of C = 3 channels, K classes.

A net's pass over n images costs less than n passes, so what has piled up behind a busy net is
taken as one batch. A batch waits for more only while some request is known to be on its way (its
images are still being read), and `max_wait_ms` at most: a lone client never waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np

from orchestrator.serving.jobs import Job, Wanted, by_kind, hand, pixels
from orchestrator.serving.served_model import ServedModel

MOST_PIXELS = 8 << 20
"""In one pass: 8 Mi pixels are 100 MB as float32, and a batch of 160 images of 224 x 224."""


class Batcher:
    """Lives in one event loop; `start` before the first request, `stop` after the last.

    Args:
        max_batch: images in one pass.
        max_wait_ms: milliseconds to wait for requests that are on their way.
        count: is told the number of images of each pass.
        together: whether requests share a pass; without, each has its own, in turn.
    """

    def __init__(
        self,
        *,
        max_batch: int,
        max_wait_ms: float,
        count: Callable[[int], object],
        together: bool = True,
    ) -> None:
        self._max, self._wait, self._together = max_batch, max_wait_ms / 1000, together
        self._count = count
        self._coming = 0
        self._jobs: asyncio.Queue[Job] = asyncio.Queue()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="predict")
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to take jobs."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Take no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await asyncio.to_thread(self._thread.shutdown)

    @contextmanager
    def coming(self) -> Iterator[Callable[[], None]]:
        """Around the reading of a request; call what it gives when its images are read."""
        self._coming += 1
        here = False

        def arrived() -> None:
            nonlocal here
            self._coming -= 0 if here else 1
            here = True

        try:
            yield arrived
        finally:
            arrived()

    async def predict(
        self, images_NHWC: np.ndarray, model: ServedModel, wanted: Wanted = "predict"
    ) -> np.ndarray:
        """Outputs_NK of `model`; large requests go in pieces, so that others get their turn."""
        piece = max(1, min(self._max, MOST_PIXELS // max(1, pixels(images_NHWC[:1]))))
        parts = [
            await self._one_pass(images_NHWC[start : start + piece], model, wanted)
            for start in range(0, len(images_NHWC), piece)
        ]
        return np.concatenate(parts)

    async def _one_pass(
        self, images_NHWC: np.ndarray, model: ServedModel, wanted: Wanted
    ) -> np.ndarray:
        answer = asyncio.get_running_loop().create_future()
        self._jobs.put_nowait(Job(images_NHWC, model, wanted, answer))
        return await answer

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            jobs = await self._gathered()
            for same in by_kind(jobs):
                await loop.run_in_executor(self._thread, self._pass, same)

    async def _gathered(self) -> list[Job]:
        """The jobs of the next pass or passes: one, or what is here and what is on its way."""
        jobs = [await self._jobs.get()]
        loop = asyncio.get_running_loop()
        end = loop.time() + self._wait
        while self._together and self._room(jobs):
            if not self._jobs.empty():
                jobs.append(self._jobs.get_nowait())
            elif self._coming and end > loop.time():
                try:
                    async with asyncio.timeout_at(end):
                        jobs.append(await self._jobs.get())
                except TimeoutError:
                    break
            else:
                break
        return jobs

    def _room(self, jobs: list[Job]) -> bool:
        images = sum(len(job.images_NHWC) for job in jobs)
        return images < self._max and sum(pixels(job.images_NHWC) for job in jobs) < MOST_PIXELS

    def _pass(self, jobs: list[Job]) -> None:
        """In the thread: one pass for all; where it fails, one for each, so that only the one
        that made it fail has no answer."""
        try:
            parts = self._through(jobs)
        except Exception as error:
            if len(jobs) == 1:
                hand(jobs[0], error)
            else:
                for job in jobs:
                    self._pass([job])
            return
        for job, part_NK in zip(jobs, parts, strict=True):
            hand(job, part_NK)

    def _through(self, jobs: list[Job]) -> list[np.ndarray]:
        """The outputs_NK of each job."""
        arrays = [job.images_NHWC for job in jobs]
        images_NHWC = arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
        self._count(len(images_NHWC))
        outputs_NK = getattr(jobs[0].model.classifier, jobs[0].wanted)(images_NHWC)
        if len(outputs_NK) != len(images_NHWC):
            counts = f"{len(outputs_NK)} outputs for {len(images_NHWC)} images"
            raise ValueError(f"{jobs[0].model.title} gave {counts}")
        ends = np.cumsum([len(images) for images in arrays])
        return np.split(outputs_NK, ends[:-1])
