"""`timm:NAME`: any net of timm, described by timm, loaded through timm, strictly."""

from __future__ import annotations

from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file

from search_spaces.errors import UsageError
from trainables.backbones import WeightsRefused, check_input_size, get_backbone, load_body

# (name, millions of parameters in timm's results table, features, natural, smallest)
NETS = [
    ("mobilenetv3_small_100", 2.54, 1024, 224, 32),
    ("resnet50.a1_in1k", 25.56, 2048, 224, 32),
    ("vit_tiny_patch16_224", 5.72, 192, 224, 224),
]


@pytest.mark.parametrize(("name", "millions", "features", "natural", "smallest"), NETS)
def test_it_is_described_as_published(
    name: str, millions: float, features: int, natural: int, smallest: int
) -> None:
    spec = get_backbone(f"timm:{name}")
    assert round(spec.parameters / 1e6, 2) == millions
    assert (spec.features, spec.natural_size, spec.smallest_size) == (features, natural, smallest)
    assert spec.natural_size in spec.sizes
    assert spec.mean == timm.models.get_pretrained_cfg(name).mean


@pytest.mark.usefixtures("bare_machine")
def test_features_are_those_of_the_net_with_its_classifier(tmp_path: Path) -> None:
    net = timm.create_model("mobilenetv3_small_100").eval()
    state = net.state_dict()
    for name in state:
        if name.endswith("running_mean"):
            state[name].add_(0.01)
    save_file(state, tmp_path / "mobilenetv3_small_100.safetensors")
    body = load_body("timm:mobilenetv3_small_100", weights_dir=tmp_path)
    images = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        features_NF = body.module(images)
        assert features_NF.shape == (2, body.spec.features)
        assert torch.equal(net.classifier(features_NF), net(images))


@pytest.mark.usefixtures("bare_machine")
def test_another_nets_file_is_refused(tmp_path: Path) -> None:
    torch.save({"conv.weight": torch.zeros(3)}, tmp_path / "resnet26.pth")
    with pytest.raises(WeightsRefused, match="does not fit timm:resnet26"):
        load_body("timm:resnet26", weights_dir=tmp_path)


@pytest.mark.usefixtures("bare_machine")
def test_a_file_may_bear_the_name_that_a_torchvision_net_has_too(tmp_path: Path) -> None:
    """The tensors decide: timm's resnet18 and torchvision's have the same names and shapes."""
    state = timm.create_model("resnet18").state_dict()
    used = {key: tensor + 0.1 if "mean" in key else tensor for key, tensor in state.items()}
    torch.save(used, tmp_path / "resnet18.pth")
    body = load_body("timm:resnet18", weights_dir=tmp_path / "resnet18.pth")
    assert torch.equal(body.module.net.conv1.weight, state["conv1.weight"])


def test_position_embeddings_fix_the_size() -> None:
    check_input_size("timm:vit_tiny_patch16_224", 224)
    with pytest.raises(UsageError, match=r"224 px only.*Got: 128"):
        check_input_size("timm:vit_tiny_patch16_224", 128)


@pytest.mark.parametrize(
    ("name", "hint"), [("timm:resnet5", "resnet50"), ("timm:resnet50.none", "a1_in1k")]
)
def test_an_unknown_net_or_tag_names_what_there_is(name: str, hint: str) -> None:
    with pytest.raises(UsageError, match=hint):
        get_backbone(name)
