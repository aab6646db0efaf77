"""Extraction and its fast copy of the body, against plain torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from feature_parts import TinyBody, TinyNet, TinySpec, direct_features, tiny_images
from torch import nn

from search_spaces.errors import InfeasibleTrial
from trainables.backbones import load_body
from trainables.features.extract import Extractor
from trainables.features.inference import inference_copy
from trainables.model import Preprocess


def extractor(module: nn.Module, **options: object) -> Extractor:
    fixed = {"input_size": 10, "resize": "bilinear", "precision": "float32"}
    return Extractor(TinyBody(module, TinySpec()), **{**fixed, **options})


def norms(module: nn.Module) -> int:
    return sum(isinstance(part, nn.BatchNorm2d) for part in module.modules())


@pytest.mark.parametrize("batch_size", [1, 3, 7, 100])
def test_batches_come_in_order_whatever_their_size(batch_size: int) -> None:
    indices = np.array([9, 1, 5, 5, 300, 2, 0])
    parts = list(
        extractor(TinyNet(), batch_size=batch_size).run(tiny_images().images_NHWC, indices)
    )
    assert [len(part) for part in parts][:-1] == [batch_size] * (len(parts) - 1)
    expected = direct_features(indices)
    np.testing.assert_allclose(np.concatenate(parts), expected, rtol=1e-5, atol=1e-6)


def test_several_devices_take_turns_and_keep_the_order() -> None:
    both = extractor(TinyNet(), batch_size=2)
    both.devices = [torch.device("cpu")] * 2
    both._replicas = both._replicas * 2
    indices = np.arange(9)
    got = np.concatenate(list(both.run(tiny_images().images_NHWC, indices)))
    np.testing.assert_allclose(got, direct_features(indices), rtol=1e-5, atol=1e-6)


def test_the_consumer_finds_torch_as_it_left_it() -> None:
    before = torch.get_num_threads()
    net = TinyNet()
    state = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    fast = extractor(net, precision="bfloat16", threads=before + 1, batch_size=2)
    for _ in fast.run(tiny_images().images_NHWC, np.arange(6)):
        assert torch.get_num_threads() == before
        assert not torch.is_inference_mode_enabled() and torch.is_grad_enabled()
        assert not torch.is_autocast_enabled("cpu")
    for name, tensor in net.state_dict().items():
        assert torch.equal(tensor, state[name]) and tensor.dtype == state[name].dtype
        assert tensor.is_contiguous()  # the caller's own layout


def test_threads_are_those_given_while_the_body_runs() -> None:
    seen = []

    class Spy(TinyNet):
        def forward(self, images_NCHW: torch.Tensor) -> torch.Tensor:
            seen.append(torch.get_num_threads())
            return super().forward(images_NCHW)

    wanted = torch.get_num_threads() + 2
    list(extractor(Spy(), threads=wanted).run(tiny_images().images_NHWC, np.arange(3)))
    assert set(seen) == {wanted}


class Greedy(TinyNet):
    """Memory for two images, as a GPU would say it."""

    room = 2

    def forward(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        if len(images_NCHW) > self.room and torch.is_inference_mode_enabled():
            raise torch.OutOfMemoryError
        return super().forward(images_NCHW)


def test_a_batch_too_large_for_memory_is_halved() -> None:
    parts = list(extractor(Greedy(), batch_size=8).run(tiny_images().images_NHWC, np.arange(5)))
    assert [len(part) for part in parts] == [2, 2, 1]
    expected = direct_features(np.arange(5))
    np.testing.assert_allclose(np.concatenate(parts), expected, rtol=1e-5, atol=1e-6)


def test_one_image_too_large_for_memory_is_infeasible() -> None:
    class Greedier(Greedy):
        room = 0

    with pytest.raises(InfeasibleTrial, match="memory"):
        list(extractor(Greedier(), batch_size=8).run(tiny_images().images_NHWC, np.arange(5)))


class Branching(nn.Module):
    """Uses the convolution's output twice: folding the BatchNorm would change the sum."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = TinyNet().conv, TinyNet().norm

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        out = self.conv(images)
        return (self.norm(out) + out).mean((2, 3))


class InPlace(Branching):
    """Changes the convolution's output in place before the BatchNorm sees it."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.norm(torch.relu_(self.conv(images))).mean((2, 3))


class Shared(Branching):
    """One convolution, two BatchNorms."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return (self.norm(self.conv(images)) + self.norm(self.conv(images * 2))).mean((2, 3))


@pytest.mark.parametrize(("net", "left"), [(TinyNet, 0), (Branching, 1), (InPlace, 1), (Shared, 1)])
def test_folding_never_changes_the_function(net: type[nn.Module], left: int) -> None:
    body = net().eval().requires_grad_(False)
    fast = inference_copy(body, 10, "float32")
    images = torch.randn(4, 3, 10, 10, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(fast(images), body(images), rtol=1e-5, atol=1e-5)
    assert norms(fast) == left and norms(body) == 1


@pytest.mark.parametrize(
    ("name", "left"),
    # densenet161 starts a layer with BatchNorm over a concatenation: only the second can be folded
    [("resnet18", 0), ("mobilenet_v2", 0), ("tf_efficientnet_lite0", 0), ("densenet161", 82)],
)
def test_real_nets_are_folded_and_stay_equal(name: str, left: int) -> None:
    body = load_body(name, weights="random").module
    generator = torch.Generator().manual_seed(2)
    for part in body.modules():  # statistics that folding could get wrong
        if isinstance(part, nn.BatchNorm2d):
            part.running_mean.normal_(0, 0.1, generator=generator)
            part.running_var.uniform_(0.5, 2, generator=generator)
    images = torch.randn(2, 3, 32, 32, generator=generator)
    fast = inference_copy(body, 32, "float32")
    with torch.inference_mode():
        expected, got = body(images), fast(images)
    assert (got - expected).abs().max() <= 1e-4 * expected.abs().max()
    assert norms(fast) == left


@pytest.mark.needs("wheels")
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_pretrained_body_gives_its_own_features(precision: str) -> None:
    body = load_body("tf_efficientnet_lite0")
    rng = np.random.default_rng(5)
    blocks = rng.integers(0, 256, (8, 4, 4, 3), np.uint8)
    images_NHWC = blocks.repeat(8, axis=1).repeat(8, axis=2)  # 32 px, with edges
    options = {"input_size": 96, "resize": "bicubic", "precision": precision, "batch_size": 4}
    (first, second) = Extractor(body, **options).run(images_NHWC, np.arange(8))
    preprocess = Preprocess(96, body.spec.mean, body.spec.std, "bicubic")
    with torch.inference_mode():
        images_NCHW = torch.from_numpy(images_NHWC).permute(0, 3, 1, 2).contiguous()
        expected = body.module(preprocess(images_NCHW)).numpy()
    got = np.concatenate([first, second])
    if precision == "float32":
        np.testing.assert_allclose(got, expected, atol=1e-4 * expected.max())
        return
    cosine = (
        (got * expected).sum(1) / np.linalg.norm(got, axis=1) / np.linalg.norm(expected, axis=1)
    )
    # 49 layers of 8 significant bits: 0.990 to 0.999 measured on 4 such draws; the wrong
    # normalisation gives 0.63 to 0.85, the wrong interpolation 0.80 to 0.99
    assert cosine.min() > 0.985
    assert not np.array_equal(got, expected)
