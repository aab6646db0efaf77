"""`Preprocess` and `PixelClassifier`: pixels in, logits out, by the book and exportable."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from trainables.backbones import load_body
from trainables.model import PixelClassifier, Preprocess

MEAN, STD = (0.1, 0.2, 0.3), (0.5, 0.25, 2.0)


def pixels(*shape: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8)


@pytest.mark.parametrize("mode", ["bicubic", "bilinear"])
@pytest.mark.parametrize("size", [20, 32, 224])
def test_resize_agrees_with_pil(mode: str, size: int) -> None:
    """In both directions, to float32's rounding over a 4 to 12 tap sum of values in [0, 1]."""
    plane = torch.rand(32, 32, generator=torch.Generator().manual_seed(0))
    method = Image.Resampling[mode.upper()]
    expected = np.asarray(Image.fromarray(plane.numpy()).resize((size, size), method))
    got = Preprocess(size, MEAN, STD, mode).resize(plane[None, None])[0, 0].numpy()
    assert np.abs(got - expected).max() < 1e-5


def test_normalises_by_mean_and_std_of_the_pixel_range() -> None:
    """Constant planes stay constant: 0 -> -mean/std, 255 -> (1 - mean)/std."""
    preprocess = Preprocess(48, MEAN, STD)
    for value in (0, 255):
        got = preprocess(torch.full((1, 3, 32, 32), value, dtype=torch.uint8))
        expected = [(value / 255 - m) / s for m, s in zip(MEAN, STD, strict=True)]
        assert got.amax((0, 2, 3)).tolist() == pytest.approx(expected, abs=1e-5)
        assert got.amin((0, 2, 3)).tolist() == pytest.approx(expected, abs=1e-5)


def test_bytes_and_floats_are_the_same_image() -> None:
    preprocess, images = Preprocess(48, MEAN, STD), pixels(2, 3, 32, 32)
    expected = preprocess(images)
    assert expected.dtype == torch.float32
    assert torch.equal(preprocess(images.float() / 255), expected)
    assert torch.equal(preprocess((images / 255.0).double()), expected)
    with pytest.raises(TypeError, match="int64"):
        preprocess(images.long())


def test_at_its_own_size_an_image_passes_unchanged() -> None:
    images01 = pixels(1, 3, 64, 64) / 255
    assert torch.equal(Preprocess(64, MEAN, STD).resize(images01), images01)


def test_stays_in_float32_under_autocast() -> None:
    preprocess, images = Preprocess(64, MEAN, STD), pixels(1, 3, 32, 32)
    with torch.autocast("cpu", torch.bfloat16):
        got = preprocess(images)
    assert torch.equal(got, preprocess(images))


def test_gradient_equals_finite_differences() -> None:
    """The map is affine, so a central difference is exact but for rounding."""
    preprocess = Preprocess(9, (0.0,), (0.5,))
    image = torch.rand(1, 1, 5, 5, generator=torch.Generator().manual_seed(0))
    weight = torch.rand(1, 1, 9, 9, generator=torch.Generator().manual_seed(1))
    leaf = image.clone().requires_grad_()
    (preprocess(leaf) * weight).sum().backward()
    step = torch.zeros_like(image)
    step[0, 0, 2, 3] = 0.25
    by_difference = ((preprocess(image + step) - preprocess(image - step)) * weight).sum() / 0.5
    assert leaf.grad is not None
    assert leaf.grad[0, 0, 2, 3].item() == pytest.approx(by_difference.item(), rel=1e-4)


def test_only_differentiable_interpolations() -> None:
    with pytest.raises(ValueError, match="nearest"):
        Preprocess(64, MEAN, STD, "nearest")


@pytest.mark.parametrize("frozen", [True, False])
def test_only_a_frozen_body_stays_in_eval_mode(frozen: bool) -> None:
    body = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten())
    body.requires_grad_(not frozen)
    model = PixelClassifier(Preprocess(8, MEAN, STD), body, nn.Linear(4 * 36, 3))
    model.train()
    assert model.head.training
    assert body[1].training is not frozen
    before = body[1].running_mean.clone()
    model(pixels(4, 3, 8, 8))
    assert torch.equal(before, body[1].running_mean) is frozen
    model.eval()
    assert not any(module.training for module in model.modules())


def small_body() -> nn.Module:
    pooled = nn.AdaptiveAvgPool2d(1)
    return nn.Sequential(nn.Conv2d(3, 512, 3), nn.BatchNorm2d(512), nn.ReLU(), pooled, nn.Flatten())


@pytest.mark.parametrize(("dtype", "real"), [(torch.uint8, True), (torch.float32, False)])
def test_exports_with_any_batch_height_and_width(dtype: torch.dtype, real: bool) -> None:
    body = load_body("resnet18", weights="random").module if real else small_body()
    model = PixelClassifier(Preprocess(64, MEAN, STD), body, nn.Linear(512, 10)).eval()
    dims = {
        0: torch.export.Dim("batch", min=1, max=4096),
        2: torch.export.Dim("height", min=8, max=1024),
        3: torch.export.Dim("width", min=8, max=1024),
    }
    as_given = pixels(2, 3, 32, 40).to(dtype)
    exported = torch.export.export(model, (as_given,), dynamic_shapes={"images_NCHW": dims})
    for shape in [(1, 3, 32, 32), (3, 3, 64, 64), (5, 3, 100, 20)]:
        images = pixels(*shape) if dtype == torch.uint8 else pixels(*shape) / 255
        with torch.inference_mode():
            assert torch.allclose(exported.module()(images), model(images), atol=1e-5)
