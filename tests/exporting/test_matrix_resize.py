"""Resizing by matrices against torch's own antialiased resize, and against Pillow's."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional

from trainables.exporting.resizing import MatrixPreprocess, resize_weights
from trainables.model import MODES, Preprocess

SIZES = [(8, 8), (8, 32), (32, 8), (57, 40), (40, 57), (33, 32), (1, 16), (200, 24)]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("old", "new"), SIZES)
def test_the_same_as_torch(mode: str, old: int, new: int) -> None:
    images = torch.rand((2, 3, old, old + 5), generator=torch.Generator().manual_seed(0))
    expected = functional.interpolate(
        images, (new, new), mode=mode, align_corners=False, antialias=True
    )
    plain = MatrixPreprocess(new, (0.0,) * 3, (1.0,) * 3, mode)
    assert (plain.resize(images) - expected).abs().max() < 2e-6


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("old", "new"), SIZES)
def test_the_same_as_pillow(mode: str, old: int, new: int) -> None:
    image = np.random.default_rng(0).random((old, old), dtype=np.float32)
    filters = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}
    expected = np.asarray(Image.fromarray(image).resize((new, new), filters[mode]))
    weights = resize_weights(old, new, mode).numpy()
    np.testing.assert_allclose(weights @ image @ weights.T, expected, atol=5e-6)


@pytest.mark.parametrize("mode", MODES)
def test_rows_sum_to_one_and_the_same_size_is_left_alone(mode: str) -> None:
    weights = resize_weights(50, 7, mode)
    np.testing.assert_allclose(weights.sum(1).numpy(), 1, atol=1e-6)
    np.testing.assert_array_equal(resize_weights(9, 9, mode).numpy(), np.eye(9, dtype=np.float32))


def test_preprocessing_is_the_same() -> None:
    images = torch.randint(0, 256, (2, 3, 20, 30), dtype=torch.uint8)
    mean, std = (0.5, 0.4, 0.3), (0.2, 0.3, 0.25)
    ours, own = MatrixPreprocess(16, mean, std)(images), Preprocess(16, mean, std)(images)
    assert (ours - own).abs().max() < 2e-5
