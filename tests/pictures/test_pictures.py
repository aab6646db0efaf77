"""Pictures: what the numbers say stands in the figure, and odd numbers break nothing."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from PIL import Image

from trainables.pictures.comparison import ComparedTrial, draw_comparison
from trainables.pictures.style import png
from trainables.pictures.summary import SummaryNumbers, draw_summary
from trainables.reports import Examples, RobustnessCurve

CLASSES = ("cat", "dog", "price in $")


def _numbers() -> SummaryNumbers:
    images = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), dtype=np.uint8)
    return SummaryNumbers(
        title="vgg16 · lr 3e-3",
        history=[
            {"epoch": 1, "train_loss": 2.0, "val_loss": 1.5, "train_acc": 0.5, "val_acc": 0.4},
            {"epoch": 2, "train_loss": 1.0, "val_loss": None, "train_acc": 0.9, "val_acc": 0.7},
        ],
        confusion_KK=np.array([[8, 2, 0], [1, 9, 0], [0, 0, 10]]),
        classes=CLASSES,
        robustness=RobustnessCurve((0, 0.5, 8), (0.9, 0.5, 0.1), (0.9, 0.5, 0.05), 20, {}),
        examples=Examples(
            8.0, images, images / np.float32(255), np.array([0, 1, 2, 0]), np.array([0, 1, 2, 1]),
            np.array([1, 1, 0, 1]),
        ),
        counts={"train": 1000, "val": 30, "robust": 20},
        metrics={"val_acc": 0.9, "robust_score": 0.25},
    )  # fmt: skip


def _panel(figure: Figure, title: str) -> Axes:
    (panel,) = [axes for axes in figure.axes if title in axes.get_title(loc="left")]
    return panel


def _texts(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_the_summary_shows_the_numbers_with_their_n() -> None:
    figure = draw_summary(_numbers())
    suptitle = figure.get_suptitle().splitlines()
    assert suptitle == ["vgg16 · lr 3e-3", "validation 90.0 %, robust score 25.0 %"]
    accuracy = _panel(figure, "Accuracy by epoch")
    assert [list(line.get_ydata()) for line in accuracy.lines] == [[0.5, 0.9], [0.4, 0.7]]
    assert [line.get_label() for line in accuracy.lines] == [
        "training (n = 1,000)", "validation (n = 30)",
    ]  # fmt: skip
    curve = _panel(figure, "Accuracy under FGSM, validation images (n = 20)")
    assert list(curve.lines[0].get_ydata()) == [0.9, 0.5, 0.1]
    assert list(curve.lines[1].get_ydata()) == [0.9, 0.5, 0.05]
    confusion = _panel(figure, "true and predicted class (n = 30)")
    assert sorted(_texts(confusion)) == sorted(["8", "2", "1", "9", "10"])
    shares = np.asarray(confusion.images[0].get_array())
    np.testing.assert_allclose(shares.sum(axis=1), 1)


def test_examples_say_what_was_right() -> None:
    panel = _panel(draw_summary(_numbers()), "attacked at epsilon 8/255")
    assert len(panel.images) == 3 * 4
    said = [text for text in _texts(panel) if text[0] in "✓✗"]
    assert said[:4] == ["✓ cat", "✗ dog", "✓ dog", "✓ dog"]  # clean, attacked, image by image
    assert "✗ dog" in said[6:]  # the fourth image was wrong before the attack


def test_a_picture_is_the_same_size_whatever_is_missing() -> None:
    full, empty = (
        Image.open(io.BytesIO(png(draw_summary(numbers))))
        for numbers in (_numbers(), SummaryNumbers("nothing", history=[{"epoch": 1}]))
    )
    assert full.size == empty.size == (1595, 1430)
    assert np.asarray(full.convert("L")).std() > np.asarray(empty.convert("L")).std()


@pytest.mark.parametrize("n_classes", [2, 17, 100, 1000])
def test_many_classes_are_drawn_without_counts(n_classes: int) -> None:
    counts = np.eye(n_classes, dtype=np.int64)
    names = [f"class {index}" for index in range(n_classes)]
    figure = draw_summary(SummaryNumbers("many", confusion_KK=counts, classes=names))
    panel = _panel(figure, "true and predicted class")
    assert len(panel.texts) == (2 if n_classes == 2 else 0)
    assert len(panel.get_xticks()) <= 40


def test_figures_that_are_not_finite_are_left_out() -> None:
    history = [{"epoch": 1, "val_loss": math.nan}, {"epoch": 2, "val_loss": 1.0}]
    panel = _panel(draw_summary(SummaryNumbers("odd", history=history)), "Loss by epoch")
    assert np.isnan(panel.lines[0].get_ydata()[0])
    assert png(panel.get_figure(root=True))  # type: ignore[arg-type]


def test_the_comparison_has_a_bar_and_an_interval_a_trial() -> None:
    bars = [
        ComparedTrial("best", 0.8, 0.75, 0.85, 0.3),
        ComparedTrial("second", 0.6, 0.5, 0.7, None),
        ComparedTrial("none", None),
    ]
    figure = draw_comparison(bars, title="a search")
    (axes,) = figure.axes
    widths = [patch.get_width() for patch in axes.patches]
    assert widths == [0.8, 0.6, 0.3, 0.0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["best", "second"]
    assert axes.yaxis_inverted()  # so that the best is on top
    (errors,) = [one for one in axes.containers if isinstance(one, ErrorbarContainer)]
    ends = [segment[:, 0].tolist() for segment in errors.lines[2][0].get_segments()]
    np.testing.assert_allclose(ends, [[0.75, 0.85], [0.5, 0.7]])
    assert {"80.0 %", "60.0 %", "30.0 %"} <= set(_texts(axes))


@pytest.mark.parametrize("count", [0, 1, 100])
def test_any_number_of_trials(count: int) -> None:
    bars = [ComparedTrial(f"trial {index}", 0.5) for index in range(count)]
    picture = Image.open(io.BytesIO(png(draw_comparison(bars, title="a search"))))
    assert picture.height < 2000


def test_a_long_title_stays_within_the_picture() -> None:
    figure = draw_summary(SummaryNumbers("vgg16 · weight decay 1e-3" * 8))
    png(figure)
    assert figure._suptitle is not None  # type: ignore[attr-defined]
    box = figure._suptitle.get_window_extent()  # type: ignore[attr-defined]
    assert box.x0 >= 0 and box.x1 <= figure.bbox.x1
