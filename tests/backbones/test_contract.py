"""One contract for every registered backbone, with random weights: one row in PUBLISHED each."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional

from search_spaces.errors import UsageError
from trainables.backbones import BACKBONES, Body, check_input_size, get_backbone, load_body
from trainables.backbones.state import body_from_file
from trainables.model import PixelClassifier, Preprocess

# name: (parameters with the 1,000-class layer in millions, as published; features F by hand).
# torchvision's documentation pages ("num_params") and, for the Lite nets, timm's results table
# (results-imagenet.csv, param_count). F is the input width of the last layer in the papers' tables.
# Nets from scratch have 10 classes: resnet9 as reference B prints it, resnet18_cifar as is widely
# printed for CIFAR-10; mini_vgg and mlp by hand, from the sizes of their layers.
PUBLISHED = {
    "vgg16": (138.357544, 4096),
    "vgg13_bn": (133.053736, 4096),
    "vgg19": (143.66724, 4096),
    "vgg19_bn": (143.678248, 4096),
    "alexnet": (61.10084, 4096),
    "densenet161": (28.681, 2208),
    "resnet18": (11.689512, 512),
    "mobilenet_v2": (3.504872, 1280),
    "tf_efficientnet_lite0": (4.65, 1280),
    "tf_efficientnet_lite1": (5.42, 1280),
    "tf_efficientnet_lite2": (6.09, 1280),
    "resnet9": (6.57312, 512),
    "resnet18_cifar": (11.173962, 512),
    "mini_vgg": (1.913834, 256),
    "mlp": (4.206602, 1024),
}


def images01(count: int = 2, size: int = 32) -> torch.Tensor:
    return torch.rand(count, 3, size, size, generator=torch.Generator().manual_seed(0))


def size_for(body: Body) -> int:
    """A size other than the natural one, where the net takes any."""
    return body.spec.natural_size if body.spec.fixed_size else 64


def classifier(body: Body, classes: int = 5) -> PixelClassifier:
    preprocess = Preprocess(size_for(body), body.spec.mean, body.spec.std, "bilinear")
    return PixelClassifier(preprocess, body.module, nn.Linear(body.spec.features, classes))


def test_gives_one_finite_feature_vector_an_image(body: Body) -> None:
    with torch.inference_mode():
        features_NF = body.module(images01(size=size_for(body)))
    assert features_NF.shape == (2, PUBLISHED[body.spec.name][1])
    assert body.spec.features == PUBLISHED[body.spec.name][1]
    assert features_NF.dtype == torch.float32
    assert features_NF.isfinite().all()


def test_has_the_published_number_of_parameters(body: Body) -> None:
    millions = PUBLISHED[body.spec.name][0]
    classes = 1000 if body.spec.pretrained else 10
    last_layer = body.spec.features * classes + classes * body.spec.head_bias
    counted = sum(parameter.numel() for parameter in body.module.parameters()) + last_layer
    assert counted == body.spec.parameters
    digits = 2 if body.spec.library == "timm" else 6
    assert round(counted / 1e6, digits) == millions


def test_is_frozen_buffers_too(body: Body) -> None:
    model = classifier(body)
    before = {name: tensor.clone() for name, tensor in body.module.state_dict().items()}
    head_before = model.head.weight.detach().clone()
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)  # the body's parameters as well
    model.train()
    body.module.train()
    loss = functional.cross_entropy(model(images01(4)), torch.tensor([0, 1, 2, 3]))
    loss.backward()
    optimizer.step()
    assert not any(module.training for module in body.module.modules())
    after = body.module.state_dict()
    assert [name for name in before if not torch.equal(before[name], after[name])] == []
    assert all(parameter.grad is None for parameter in body.module.parameters())
    assert not torch.equal(head_before, model.head.weight)


def test_is_differentiable_down_to_the_pixels(body: Body) -> None:
    model = classifier(body).eval()
    pixels = images01(1).requires_grad_()
    functional.cross_entropy(model(pixels), torch.tensor([1])).backward()
    assert pixels.grad is not None
    assert pixels.grad.isfinite().all()
    assert pixels.grad.abs().max() > 0


def test_saved_and_loaded_it_gives_the_same_logits(body: Body, tmp_path: Path) -> None:
    state = body.module.net.state_dict()
    means = [name for name in state if name.endswith("running_mean")]
    for name in means:  # untouched statistics are refused, so touch them
        state[name].add_(0.01)
    try:
        file = tmp_path / f"{body.spec.name}.safetensors"
        save_file({name: tensor.contiguous() for name, tensor in state.items()}, file)
        loaded = body_from_file(body.spec, file).eval()
        head = nn.Linear(body.spec.features, 5)
        with torch.inference_mode():
            images = images01(size=size_for(body))
            assert torch.equal(head(body.module(images)), head(loaded(images)))
    finally:
        for name in means:
            state[name].sub_(0.01)
        file.unlink()


def test_takes_its_smallest_size_and_nothing_below(body: Body) -> None:
    smallest = body.spec.smallest_size
    check_input_size(body.spec, smallest)
    with torch.inference_mode():
        assert body.module(images01(1, smallest)).isfinite().all()
    rule = f"of {smallest} px only" if body.spec.fixed_size else f"at least {smallest} px"
    with pytest.raises(UsageError, match=f"{rule}.*Got: {smallest - 1}.*{smallest}"):
        check_input_size(body.spec.name, smallest - 1)


def test_alexnet_really_fails_below_63_px() -> None:
    with torch.device("meta"):  # shapes alone
        net = get_backbone("alexnet").build()
        assert net(torch.zeros(1, 3, 63, 63)).shape == (1, 4096)
        with pytest.raises(RuntimeError, match="too small"):
            net(torch.zeros(1, 3, 62, 62))


@pytest.mark.parametrize("name", BACKBONES.names())
def test_sizes_ascend_and_hold_the_natural_one(name: str) -> None:
    spec = get_backbone(name)
    assert spec.name == name
    assert list(spec.sizes) == sorted(set(spec.sizes))
    assert spec.natural_size in spec.sizes
    assert spec.sizes[0] >= spec.smallest_size


@pytest.mark.parametrize("name", [n for n in PUBLISHED if get_backbone(n).library == "torchvision"])
def test_agrees_with_torchvisions_own_weights(name: str) -> None:
    from torchvision.models import get_model_weights

    spec = get_backbone(name)
    own = get_model_weights(name)["IMAGENET1K_V1"]
    assert spec.weights.files == (own.url.rpartition("/")[2],)
    assert spec.parameters == own.meta["num_params"]
    assert (list(spec.mean), list(spec.std)) == (own.transforms().mean, own.transforms().std)
    assert [spec.natural_size] == own.transforms().crop_size
    assert spec.smallest_size >= max(own.meta["min_size"])


@pytest.mark.parametrize("name", [n for n in PUBLISHED if get_backbone(n).library == "timm"])
def test_agrees_with_timms_own_config(name: str) -> None:
    import timm

    spec, own = get_backbone(name), timm.models.get_pretrained_cfg(name)
    assert (spec.mean, spec.std) == (own.mean, own.std)
    assert (3, spec.natural_size, spec.natural_size) == own.input_size
    assert spec.weights.hub is not None
    assert spec.weights.hub.repo == own.hf_hub_id


def test_random_weights_come_from_the_seed_and_leave_torchs_generator_alone() -> None:
    before = torch.random.get_rng_state()
    first, same, other = (
        load_body("resnet18", weights="random", seed=seed).module.net.conv1.weight
        for seed in (1, 1, 2)
    )
    assert torch.equal(first, same)
    assert not torch.equal(first, other)
    assert torch.equal(before, torch.random.get_rng_state())


def test_an_unknown_backbone_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="Did you mean 'resnet18'"):
        get_backbone("resnet81")


def test_weights_are_pretrained_or_random() -> None:
    with pytest.raises(UsageError, match="Got: 'imagenet'"):
        load_body("resnet18", weights="imagenet")
