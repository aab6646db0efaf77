"""Several models' clean and attacked images: which images, and what stands under them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from trainables.corruptions.report import CorruptionReport
from trainables.pictures.corruptions import draw_corruptions
from trainables.pictures.front_images import (
    AttackedModel,
    draw_front_images,
    magnified,
    shared_images,
)
from trainables.pictures.style import png
from trainables.reports import Examples

CLASSES = ("cat", "dog", "a price in $")
IMAGES = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 3), dtype=np.uint8)


def model(name: str, rows: list[int], *, said: int = 1, sure: bool = True) -> AttackedModel:
    """Has the images of these rows, whose labels are their rows modulo 3."""
    clean = IMAGES[rows]
    labels = np.array(rows) % 3
    attacked = np.clip(clean / 255 + 8 / 255, 0, 1).astype(np.float32)
    chance = np.full(len(rows), 0.871, np.float32) if sure else None
    examples = Examples(
        8.0, clean, attacked, labels, labels, np.full(len(rows), said), chance, chance
    )
    return AttackedModel(name, "val_acc 45.0, robust_score 20.0", examples)


def test_images_that_most_models_have_come_first() -> None:
    models = [model("a", [0, 1, 2]), model("b", [1, 4]), model("c", [2, 1])]
    assert shared_images(models) == [
        (1, 0, 1),  # row 1: all three
        (2, None, 0),  # row 2: two of them
        (0, None, None),
        (None, 1, None),
    ]


def test_a_difference_fills_the_range_around_grey() -> None:
    shown, times = magnified(np.array([[[0.02, -0.04, 0.0]]]))
    assert shown.ravel() == pytest.approx([0.75, 0.0, 0.5])
    assert times == pytest.approx(12.5)
    assert magnified(np.zeros((1, 1, 3)))[1] == 0


def _texts(models: list[AttackedModel]) -> list[str]:
    figure = draw_front_images(models, CLASSES, title="Front")
    (axes,) = figure.axes
    assert png(figure).startswith(b"\x89PNG")
    return [text.get_text() for text in axes.texts]


def test_predictions_chances_and_names_stand_there() -> None:
    texts = _texts([model("trial 7: mini_vgg", [0, 1]), model("trial 2: mlp", [1], sure=False)])
    # Row 1 is a dog and said to be one under attack; row 0 is a cat.
    assert texts.count("✓ dog 87 %") == 2 and texts.count("✗ dog 87 %") == 1
    assert "✓ cat 87 %" in texts and texts.count("✓ dog") == 2  # without a chance
    assert "true: dog" in texts and "true: cat" in texts and texts.count("attacked") == 2
    assert texts.count("times 16") == 3  # 8/255 fills the range 15.9 times magnified
    assert "trial 7: mini_vgg\nval_acc 45.0\nrobust_score 20.0" in texts
    assert texts.count("not among the first\nthat it had right") == 1


def test_a_dollar_sign_starts_no_formula_and_many_models_are_cut() -> None:
    texts = _texts([model(f"trial {n}", [2], said=0) for n in range(9)])
    assert "✗ cat 87 %" in texts and r"true: a price in…" in texts
    assert sum(text.startswith("trial ") for text in texts) == 6


def test_the_table_of_corruptions_by_hand() -> None:
    report = CorruptionReport(
        {"fog": (0.9, 0.5), "shot_noise": (0.8, 0.4), "own": (0.7, 0.3)}, (1, 5), 0.95, 20,
        {"families": {"fog": "weather", "shot_noise": "noise"}},
    )  # fmt: skip
    figure = draw_corruptions(report, title="t", figures="f")
    (axes,) = figure.axes
    rows = [tick.get_text() for tick in axes.get_yticklabels()]
    assert rows == ["weather: fog", "noise: shot noise", "other: own", "mean"]
    cells = [text.get_text() for text in axes.texts]
    assert cells == ["90.0", "50.0", "70.0", "80.0", "40.0", "60.0", "70.0", "30.0", "50.0",
                     "80.0", "40.0", "60.0"]  # fmt: skip
    assert "as they are: 95.0 %" in axes.get_title(loc="left")
    assert Image.open(io.BytesIO(png(figure))).size[0] > 600
