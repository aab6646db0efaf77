"""Pictures of an evaluation: what the numbers say stands in the figure."""

from __future__ import annotations

import math

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from trainables.evaluation import CalibrationBin, Mistake
from trainables.pictures.confusion import draw_confusion_alone
from trainables.pictures.mistakes import draw_mistakes
from trainables.pictures.reliability import draw_reliability
from trainables.pictures.style import png
from trainables.pictures.training import draw_training

EMPTY = np.empty(0)


def _texts(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def _bins() -> list[CalibrationBin]:
    """Of four: an empty one, one of 3 examples, one too sure, one not sure enough."""
    return [
        CalibrationBin(0.0, 0.25, 0, None, None),
        CalibrationBin(0.25, 0.5, 3, 0.4, 1.0),
        CalibrationBin(0.5, 0.75, 20, 0.7, 0.5),
        CalibrationBin(0.75, 1.0, 30, 0.8, 0.9),
    ]


def test_the_reliability_diagram_has_a_bar_and_a_gap_a_bin() -> None:
    figure = draw_reliability(_bins(), title="a net", figures="val")
    upper, lower = figure.axes
    bars = [(bar.get_x(), bar.get_y(), bar.get_height()) for bar in upper.patches]
    expected = [
        (0.25, 0.0, 1.0),  # few examples: drawn first, pale
        (0.325, 1.0, -0.6),  # from the accuracy down to the confidence
        (0.5, 0.0, 0.5),
        (0.75, 0.0, 0.9),
        (0.575, 0.5, 0.2),
        (0.825, 0.9, -0.1),
    ]
    np.testing.assert_allclose(bars, expected)
    assert upper.patches[0].get_facecolor() != upper.patches[2].get_facecolor()
    assert [bar.get_height() for bar in lower.patches] == [3, 20, 30]


@pytest.mark.parametrize("bins", [[], _bins()[:1], _bins()[1:2]], ids=["none", "empty", "few"])
def test_little_to_show_breaks_nothing(bins: list[CalibrationBin]) -> None:
    assert png(draw_reliability(bins, title="little"))


def test_the_mistakes_stand_under_their_images() -> None:
    mistakes = [
        Mistake(7, "cat", "price in $", 4.25, 0.93),
        Mistake(3, "a very long class name", "dog", 1.0, 0.5),
    ]
    images = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), dtype=np.uint8)
    figure = draw_mistakes(mistakes, images, title="a net")
    (axes,) = figure.axes
    assert _texts(axes) == [
        "true: cat", r"said: price in \$ (93 %)", "loss 4.25 · image 7",
        "true: a very long c…", "said: dog (50 %)", "loss 1.00 · image 3",
    ]  # fmt: skip
    shown = [np.asarray(image.get_array()) for image in axes.images]
    assert all(np.array_equal(ours, image) for ours, image in zip(shown, images, strict=True))
    assert axes.images[0].get_extent()[0] < axes.images[1].get_extent()[0]
    assert png(figure)


def test_no_mistake_is_said() -> None:
    figure = draw_mistakes([], np.empty((0, 8, 8, 3), np.uint8), title="perfect")
    assert _texts(figure.axes[0]) == ["there is no mistake"]


def test_six_mistakes_a_row() -> None:
    mistakes = [Mistake(n, "a", "b", 1.0, 0.5) for n in range(8)]
    images = np.zeros((8, 4, 4, 3), np.uint8)
    (axes,) = draw_mistakes(mistakes, images, title="t").axes
    lefts = [image.get_extent()[0] for image in axes.images]
    assert lefts[6:] == lefts[:2] and len(set(lefts[:6])) == 6


def _curves(**more: object) -> Figure:
    history = [
        {"epoch": 1, "train_loss": 2.0, "val_loss": 1.5, "val_acc": 0.4, "lr": 0.1},
        {"epoch": 2, "train_loss": 1.0, "val_loss": 1.2, "val_acc": 0.7, "lr": 0.2},
        {"epoch": 3, "train_loss": 0.5, "val_loss": math.nan, "val_acc": 0.6, "lr": 0.3},
    ]
    given = {"history": history, "lr_T": EMPTY, "counts": {"train": 10}, "title": "a net"}
    return draw_training(**{**given, **more})  # type: ignore[arg-type]


def test_the_curves_mark_the_epoch_of_the_least_validation_loss() -> None:
    losses, accuracies, _ = _curves().axes
    for axes in (losses, accuracies):
        (mark,) = [line for line in axes.lines if "least" in str(line.get_label())]
        assert set(mark.get_xdata()) == {2} and "epoch 2" in str(mark.get_label())
    assert losses.get_ylim()[0] == 0 and losses.get_ylim()[1] > 2.0


def test_the_learning_rate_is_that_of_the_steps_if_they_were_kept() -> None:
    by_step = _curves(lr_T=np.array([0.1, 0.5, 0.3])).axes[2]
    assert by_step.get_xlabel() == "training step"
    assert [list(line.get_ydata()) for line in by_step.lines] == [[0.1, 0.5, 0.3], [0.5]]
    by_epoch = _curves().axes[2]
    assert by_epoch.get_xlabel() == "epoch"
    assert list(by_epoch.lines[0].get_ydata()) == [0.1, 0.2, 0.3]
    nothing = _curves(history=[{"epoch": 1}]).axes[2]
    assert _texts(nothing) == ["no learning rate was recorded"]


@pytest.mark.parametrize("classes", [1, 2, 10, 40])
def test_the_confusion_alone_has_each_count(classes: int) -> None:
    counts_KK = np.arange(classes**2).reshape(classes, classes)
    names = [f"class {index}" for index in range(classes)]
    figure = draw_confusion_alone(counts_KK, names, title="a net", figures="val")
    assert figure.get_suptitle() == "a net\nval"
    written = sorted(int(text) for text in _texts(figure.axes[0]))
    assert written == (list(range(1, classes**2)) if classes <= 16 else [])
    assert png(figure, dpi=40)
