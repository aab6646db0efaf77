"""Range tests kept for later, by several processes; and their picture."""

from __future__ import annotations

import dataclasses
import json
import math
import multiprocessing
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trainables.lr_range.several import RangeTest
from trainables.lr_range.stored import Making, RangeKey, recall, recall_or_make, remember
from trainables.lr_range.suggesting import read_sweep
from trainables.lr_range.value import LrRange
from trainables.pictures.lr_range import draw_lr_range
from trainables.pictures.style import png
from trainables.reports import Progress

KEY = RangeKey("resnet9", "random-0", "abc", "1000/0", "adam", "all", 512, "linear")


def _curve(seed: int = 0, *, tail: float | None = None) -> LrRange:
    lrs_S = np.geomspace(1e-6, 1.0, 100)
    noise_S = np.random.default_rng(seed).normal(0, 0.03, 100)
    losses_S = 0.5 + 1.8 / (1 + (lrs_S / 1e-3) ** 1.2) + noise_S
    losses_S += np.clip(np.log(lrs_S / 0.05), 0, None) ** 2
    if tail is not None:
        losses_S[92:] = tail
    return read_sweep(lrs_S.tolist(), losses_S.tolist(), stopped="" if tail is None else "why")


def _have(make: Callable[[], RangeTest], key: RangeKey = KEY) -> tuple[RangeTest, list[Progress]]:
    """What `recall_or_make` gives of a `make` without signs of life; its own."""

    def making() -> Making:
        yield Progress("range test")
        return make()

    run, told = recall_or_make(key, making), []
    while True:
        try:
            told.append(next(run))
        except StopIteration as end:
            return end.value, told


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORCHESTRATOR_HOME", str(tmp_path))


def test_what_is_remembered_is_recalled() -> None:
    assert recall(KEY) is None
    test = RangeTest((_curve(tail=math.nan), _curve(1)))
    remember(KEY, test)
    found = recall(KEY)
    assert found is not None and found.suggestions == test.suggestions
    kept = json.loads(KEY.path.read_text())
    assert kept["backbone"] == "resnet9" and abs(kept["measured"] - time.time()) < 100


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("backbone", "mlp"), ("weights", "random-1"), ("data", "abd"), ("split", "1000/1"),
        ("optimiser", "sgd"), ("tune", "head"), ("batch_size", 64), ("head", "mlp"),
        ("other", (("augment", "strong"),)),
    ],
)  # fmt: skip
def test_another_key_is_another_test(field: str, value: Any) -> None:
    remember(KEY, RangeTest((_curve(),)))
    assert field in {f.name for f in dataclasses.fields(RangeKey)}
    assert recall(dataclasses.replace(KEY, **{field: value})) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"range_test": {"ranges": []}}', "null"])
def test_a_broken_file_is_made_again(text: str) -> None:
    KEY.path.parent.mkdir()
    KEY.path.write_text(text)
    made = _have(lambda: RangeTest((_curve(),)))[0]
    found = recall(KEY)
    assert found is not None and found.suggestions == made.suggestions


def _make_slowly(places: Path, number: int) -> None:
    def make() -> RangeTest:
        (places / f"made-{number}").touch()
        time.sleep(0.3)
        return RangeTest((_curve(number),))

    found, _ = _have(make)
    (places / f"found-{number}").write_text(json.dumps(found.to_json()))


def test_of_several_processes_one_makes_it_and_all_have_it(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_make_slowly, args=(tmp_path, n)) for n in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * 4
    assert len(list(tmp_path.glob("made-*"))) == 1
    assert len({path.read_text() for path in tmp_path.glob("found-*")}) == 1
    assert len(list(tmp_path.glob("found-*"))) == 4


def test_whoever_waits_says_so_and_closing_gives_the_lock_back() -> None:
    def never() -> Making:
        yield Progress("range test", 1, 100)
        raise AssertionError("closed before")

    first, second = recall_or_make(KEY, never), recall_or_make(KEY, never)
    assert next(first) == Progress("range test", 1, 100)
    assert next(second) == Progress("waiting for the range test")
    first.close()
    assert next(second) == Progress("range test", 1, 100)
    second.close()
    found, told = _have(lambda: RangeTest((_curve(),)))
    assert found.suggestion("steep").lr and told == [Progress("range test")]
    assert _have(lambda: RangeTest((_curve(1),))) == (recall(KEY), [])


def test_a_failed_test_leaves_nothing_and_no_lock() -> None:
    def fails() -> RangeTest:
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        _have(fails)
    assert recall(KEY) is None
    assert _have(lambda: RangeTest((_curve(),)))[0].suggestion("steep").lr


def test_a_home_that_cannot_be_written_costs_time_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("ORCHESTRATOR_HOME", str(tmp_path / "file"))
    assert _have(lambda: RangeTest((_curve(),)))[0].suggestion("steep").lr


def test_the_picture_marks_and_names_each_suggestion() -> None:
    test = RangeTest((_curve(),))
    (axes,) = draw_lr_range(test, title="resnet9 on cifar10").axes
    labels = [str(line.get_label()) for line in axes.lines]
    for suggestion in test.suggestions:
        assert suggestion.lr is not None
        label = f"{suggestion.name}: {suggestion.lr:.2g}"
        (line,) = [line for line in axes.lines if line.get_label() == label]
        assert list(line.get_xdata()) == [suggestion.lr]
    assert labels[:2] == ["each batch", "smoothed"]
    assert axes.get_xscale() == "log"


@pytest.mark.parametrize(
    "test",
    [
        RangeTest((_curve(), _curve(1), _curve(2, tail=math.nan))),
        RangeTest((_curve(tail=1e9),)),
        RangeTest((read_sweep([1e-3] * 20, [math.nan] * 20),)),
        RangeTest((read_sweep(np.geomspace(1e-3, 1, 20).tolist(), [1.0] * 20),)),
    ],
)
def test_odd_curves_have_a_picture(test: RangeTest) -> None:
    data = png(draw_lr_range(test, title="price in $", subtitle="adam"), dpi=40)
    assert data.startswith(b"\x89PNG")


def test_the_panel_is_not_pressed_flat_by_a_diverged_tail() -> None:
    (axes,) = draw_lr_range(RangeTest((_curve(tail=1e9),)), title="x").axes
    assert axes.get_ylim()[1] < 20


def test_a_rule_without_an_answer_is_named_too() -> None:
    test = RangeTest((read_sweep(np.geomspace(1e-3, 1, 20).tolist(), [1.0] * 20),))
    (axes,) = draw_lr_range(test, title="x").axes
    legend = axes.get_legend()
    assert legend is not None
    assert "steep: none" in [text.get_text() for text in legend.get_texts()]
