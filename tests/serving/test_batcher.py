"""Which requests go through the net together, and that each gets its own answer."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
import weakref
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
import pytest
from sum_classifier import Broken, Sums

from orchestrator.serving.batcher import Batcher
from orchestrator.serving.served_model import ModelSlot, ServedModel, made_ready
from search_spaces.errors import UnavailableError


def images(value: int, count: int = 1, size: int = 2) -> np.ndarray:
    """uint8 images_NHWC."""
    return np.full((count, size, size, 3), value, np.uint8)


def within(
    work: Callable[[Batcher, ServedModel], Awaitable[Any]],
    classifier: Sums,
    counts: list[int] | None = None,
    **options: Any,
) -> Any:
    """What `work` gives with a running batcher."""

    async def run() -> Any:
        count = (counts if counts is not None else []).append
        chosen: dict[str, Any] = {"max_batch": 8, "max_wait_ms": 0, **options}
        batcher = Batcher(count=count, **chosen)
        batcher.start()
        try:
            return await work(batcher, ServedModel(classifier, 0.0))
        finally:
            await batcher.stop()

    return asyncio.run(run())


async def behind_a_busy_net(
    batcher: Batcher, model: ServedModel, gate: threading.Event, wanted: list[np.ndarray]
) -> list[Any]:
    """The answers of requests that come while the net is busy with another one."""
    first = asyncio.ensure_future(batcher.predict(images(1), model))
    while not model.classifier.passes:  # type: ignore[attr-defined]
        await asyncio.sleep(0.001)
    rest = [asyncio.ensure_future(batcher.predict(each, model)) for each in wanted]
    await asyncio.sleep(0.02)
    gate.set()
    await first
    return await asyncio.gather(*rest, return_exceptions=True)


# together, sizes of the requests, sizes of the passes after the first
PASSES = [
    (True, [1, 1, 1], [3]),
    (True, [4, 4, 4], [8, 4]),
    (True, [3, 2, 9, 1], [3 + 2 + 8, 1 + 1]),  # 9 are two pieces of 8 and 1; the first fits no more
    (False, [1, 1, 1], [1, 1, 1]),
    (False, [17], [8, 8, 1]),
]


@pytest.mark.parametrize(("together", "sizes", "passes"), PASSES)
def test_what_waits_goes_together(together: bool, sizes: list[int], passes: list[int]) -> None:
    gate, counts = threading.Event(), []
    wanted = [images(10 * place, count) for place, count in enumerate(sizes)]
    answers = within(
        lambda batcher, model: behind_a_busy_net(batcher, model, gate, wanted),
        Sums(gate=gate), counts, together=together,
    )  # fmt: skip
    assert counts == [1, *passes]
    for place, (answer, count) in enumerate(zip(answers, sizes, strict=True)):
        np.testing.assert_allclose(answer[:, 0], [10 * place / 255] * count, atol=1e-6)


def test_other_sizes_and_other_models_go_by_themselves() -> None:
    gate, classifier, other = threading.Event(), Sums(), Sums(version="2")
    classifier.gate = gate

    async def work(batcher: Batcher, model: ServedModel) -> None:
        first = asyncio.ensure_future(batcher.predict(images(1), model))
        while not classifier.passes:
            await asyncio.sleep(0.001)
        newer = ServedModel(other, 0.0)
        rest = [
            batcher.predict(images(2), model),
            batcher.predict(images(2, size=5), model),
            batcher.predict(images(2), newer),
            batcher.predict(images(3), model),
        ]
        tasks = [asyncio.ensure_future(each) for each in rest]
        await asyncio.sleep(0.02)
        gate.set()
        await asyncio.gather(first, *tasks)

    within(work, classifier)
    assert classifier.passes == [(1, 2, 2, 3), (2, 2, 2, 3), (1, 5, 5, 3)]
    assert other.passes == [(1, 2, 2, 3)]


def test_one_request_that_makes_the_net_fail_spoils_no_other() -> None:
    gate = threading.Event()
    good, bad, well = within(
        lambda batcher, model: behind_a_busy_net(
            batcher, model, gate, [images(51), images(13), images(102)]
        ),
        Sums(gate=gate),
    )
    np.testing.assert_allclose([good[0, 0], well[0, 0]], [0.2, 0.4], atol=1e-6)
    assert isinstance(bad, ValueError)


def test_a_lone_request_does_not_wait_and_one_with_company_does() -> None:
    async def work(batcher: Batcher, model: ServedModel) -> tuple[float, float, float]:
        began = time.monotonic()
        await batcher.predict(images(1), model)
        alone = time.monotonic() - began
        with batcher.coming():  # another request that is being read, for longer than one waits
            began = time.monotonic()
            await batcher.predict(images(1), model)
            waited = time.monotonic() - began
        began = time.monotonic()
        await batcher.predict(images(1), model)
        return alone, waited, time.monotonic() - began

    alone, waited, after = within(work, Sums(), max_wait_ms=1000)
    assert alone < 0.5 and after < 0.5
    assert 0.9 < waited < 5


def test_a_request_on_its_way_joins_the_batch_that_waits_for_it() -> None:
    async def late(batcher: Batcher, model: ServedModel) -> None:
        with batcher.coming() as arrived:
            await asyncio.sleep(0.05)
            arrived()
            await batcher.predict(images(2), model)

    async def work(batcher: Batcher, model: ServedModel) -> None:
        task = asyncio.ensure_future(late(batcher, model))
        await asyncio.sleep(0)
        await batcher.predict(images(1, 7), model)
        await task

    counts: list[int] = []
    within(work, Sums(), counts, max_wait_ms=10_000)
    assert counts == [8]


def test_large_images_go_one_by_one() -> None:
    counts: list[int] = []
    large = np.zeros((3, 2200, 2000, 3), np.uint8)  # 4.4 megapixels each, 8 are the most

    async def work(batcher: Batcher, model: ServedModel) -> Any:
        return await batcher.predict(large, model)

    assert within(work, Sums(), counts).shape == (3, 2)
    assert counts == [1, 1, 1]


def test_an_old_model_is_freed_after_its_last_request() -> None:
    gate = threading.Event()
    slot = ModelSlot(ServedModel(Sums(gate=gate), 0.0))
    old = weakref.ref(slot.current.classifier)

    async def work(batcher: Batcher, _: ServedModel) -> None:
        asked = asyncio.ensure_future(batcher.predict(images(51), slot.current))
        await asyncio.sleep(0.05)
        slot.put(ServedModel(Sums(version="2"), 1.0))
        assert old() is not None  # it is still being asked
        gate.set()
        np.testing.assert_allclose(await asked, [[0.2, 0.8]], atol=1e-6)
        del asked
        await batcher.predict(images(51), slot.current)
        gc.collect()
        assert old() is None

    within(work, Sums())


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (None, "no such weights"), ([0.5, 0.2, 0.3], "shape"), ([float("nan"), 1], "sum to 1"),
        ([3.0, -1.0], "sum to 1"),
    ],
)  # fmt: skip
def test_a_model_that_does_not_answer_as_a_classifier_is_not_served(given: Any, words: str) -> None:
    with pytest.raises(UnavailableError, match=words):
        made_ready(Broken(given=given), 4)


def test_a_model_is_tried_with_one_image_and_with_a_batch() -> None:
    classifier = Sums()
    assert made_ready(classifier, 16).title == "sums version 1"
    assert [shape[0] for shape in classifier.passes] == [1, 8]
