"""Bodies cut in two: the halves are the whole, and the cut is where the paper's last stage is."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from search_spaces.errors import UsageError
from trainables.backbones import Body, get_backbone
from trainables.backbones.stages import last_stage_parameters

# name: (shape of the map between the halves at 64 px, parameters of the last stage in millions).
# By hand from the papers' tables. resnet18: the four 3x3 convolutions of 256->512, 512->512 (three)
# = 8,257,536, the 1x1 of 256->512 = 131,072, five BatchNorms of 512 = 5,120. VGG: n convolutions
# 512->512 (2,359,808 each, BatchNorm 1,024 more) and 25,088 -> 4,096 -> 4,096 (119,545,856).
# AlexNet: 192->384, 384->256, 256->256 with biases, then 9,216 -> 4,096 -> 4,096.
LAST = {
    "vgg16": ((512, 4, 4), 3 * 2_359_808 + 119_545_856),
    "vgg13_bn": ((512, 4, 4), 2 * (2_359_808 + 1_024) + 119_545_856),
    "vgg19": ((512, 4, 4), 4 * 2_359_808 + 119_545_856),
    "vgg19_bn": ((512, 4, 4), 4 * (2_359_808 + 1_024) + 119_545_856),
    "alexnet": ((192, 3, 3), 663_936 + 884_992 + 590_080 + 37_752_832 + 16_781_312),
    "densenet161": ((1056, 2, 2), None),
    "resnet18": ((256, 4, 4), 8_257_536 + 131_072 + 5_120),
    "mobilenet_v2": ((96, 4, 4), None),
    "tf_efficientnet_lite0": ((112, 4, 4), None),
    "tf_efficientnet_lite1": ((112, 4, 4), None),
    "tf_efficientnet_lite2": ((120, 4, 4), None),
}


def test_the_halves_are_the_whole(body: Body) -> None:
    assert (body.spec.split is not None) == body.spec.pretrained
    if body.spec.split is None:  # from scratch: there is no part of it to leave as it is
        return
    front, back = body.spec.split(body.module.net)
    images_NCHW = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        maps_NCHW = front(images_NCHW)
        before = maps_NCHW.clone()
        assert torch.equal(back(maps_NCHW), body.module(images_NCHW))
        assert torch.equal(maps_NCHW, before)  # cached ones must serve every epoch
    shape, parameters = LAST[body.spec.name]
    assert tuple(maps_NCHW.shape[1:]) == shape
    _halves_share_the_whole(body.module.net, front, back)
    counted = sum(parameter.numel() for parameter in back.parameters())
    assert parameters is None or counted == parameters


def _halves_share_the_whole(net: nn.Module, front: nn.Module, back: nn.Module) -> None:
    whole, first, last = (
        {id(value) for value in part.state_dict(keep_vars=True).values()}
        for part in (net, front, back)
    )
    assert first | last == whole
    assert not first & last and first and last


# timm's own grouping: (name, a parameter that is in, one that is not, all told in the net's order)
@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    [
        ("resnet26", "layer4.0.conv1.weight", "layer3.1.conv3.weight"),
        ("convnext_atto", "head.norm.bias", "stages.2.blocks.5.conv_dw.weight"),
        ("vit_tiny_patch16_224", "norm.weight", "blocks.10.norm1.weight"),
        ("mobilenetv3_small_050", "conv_head.weight", "blocks.4.0.conv_pw.weight"),
    ],
)
def test_timms_nets_name_the_parameters_of_their_last_stage(
    name: str, inside: str, outside: str
) -> None:
    spec = get_backbone(f"timm:{name}")
    assert spec.split is None
    net = spec.build()
    names = [key for key, _ in net.named_parameters()]
    last = last_stage_parameters(spec, net)
    assert inside in last and outside in names and outside not in last
    assert set(names[-len(last) :]) == last  # the end of the net, and nothing else


def test_resnets_last_stage_is_one_and_the_same_by_either_way() -> None:
    ours, theirs = get_backbone("resnet18"), get_backbone("timm:resnet18")
    assert last_stage_parameters(ours, ours.build()) == last_stage_parameters(
        theirs, theirs.build()
    )


def test_a_net_without_stages_says_what_to_do() -> None:
    spec = get_backbone("mlp")
    with pytest.raises(UsageError, match=r"mlp does not.*--set tune=all"):
        last_stage_parameters(spec, spec.build())
