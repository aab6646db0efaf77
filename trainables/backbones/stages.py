"""Bodies cut in two: a front that may be frozen and cached, and the last stage, which trains.

One rule for them all: the last stage is everything that is computed on the coarsest map, with the
strided convolution that leads to it, down to the feature vector; what only shrinks the map on the
way there (a pool, DenseNet's transition) is the front's. So the last stage is resnet's layer4,
VGG's conv5_x with its two hidden linear layers, DenseNet's fourth block, MobileNetV2's from the
first of 160 channels on. The halves share the body's modules: nothing is copied, and
back(front(images_NCHW)) is body(images_NCHW) to the last bit.

Importing this imports no torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, cast

from search_spaces.errors import UsageError

if TYPE_CHECKING:
    from torch import nn

    from trainables.backbones.spec import Backbone

Halves = tuple["nn.Module", "nn.Module"]
Split = Callable[["nn.Module"], Halves]

_MOBILENET_LAST = 14  # of 19 feature layers: the first of stride 32
_EFFICIENTNET_LAST = 5  # of 7 stages: the same


def split_vgg(body: nn.Module) -> Halves:
    """torchvision's VGG and AlexNet: after the last pool but one."""
    from torch import nn

    net = cast(Any, body)
    pools = [at for at, layer in enumerate(net.features) if isinstance(layer, nn.MaxPool2d)]
    cut = pools[-2] + 1
    back = (*net.features[cut:], net.avgpool, nn.Flatten(1), net.classifier)
    return nn.Sequential(*net.features[:cut]), nn.Sequential(*back)


def split_resnet(body: nn.Module) -> Halves:
    """torchvision's ResNet: before layer4."""
    from torch import nn

    net = cast(Any, body)
    stem = (net.conv1, net.bn1, net.relu, net.maxpool)
    front = nn.Sequential(*stem, net.layer1, net.layer2, net.layer3)
    return front, nn.Sequential(net.layer4, net.avgpool, nn.Flatten(1), net.fc)


def split_densenet(body: nn.Module) -> Halves:
    """torchvision's DenseNet: before the fourth dense block."""
    from torch import nn

    net = cast(Any, body)
    names = [name for name, _ in net.features.named_children()]
    cut = names.index("denseblock4")
    pool = (nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1), nn.Flatten(1))
    back = (*net.features[cut:], *pool, net.classifier)
    return nn.Sequential(*net.features[:cut]), nn.Sequential(*back)


def split_mobilenet_v2(body: nn.Module) -> Halves:
    """torchvision's MobileNetV2: before its first block of stride 32."""
    from torch import nn

    net = cast(Any, body)
    pool = (nn.AdaptiveAvgPool2d(1), nn.Flatten(1))
    back = (*net.features[_MOBILENET_LAST:], *pool, net.classifier)
    return nn.Sequential(*net.features[:_MOBILENET_LAST]), nn.Sequential(*back)


def split_efficientnet(body: nn.Module) -> Halves:
    """timm's EfficientNet: before its first stage of stride 32."""
    from torch import nn

    net = cast(Any, body)
    front = nn.Sequential(net.conv_stem, net.bn1, *net.blocks[:_EFFICIENTNET_LAST])
    stages = net.blocks[_EFFICIENTNET_LAST:]
    head = (net.conv_head, net.bn2, net.global_pool, net.classifier)
    return front, nn.Sequential(*stages, *head)


def last_stage_by_timm(body: nn.Module) -> frozenset[str]:
    """Names of the last stage's parameters, as timm's own `group_matcher(coarse=True)` has it.

    What timm puts into no group (the neck and norms behind the last stage) belongs to it as well.

    Raises:
        UsageError: a net that timm has no grouping of.
    """
    from timm.models import group_parameters

    matcher = getattr(body, "group_matcher", None)
    groups = matcher(coarse=True) if matcher else None
    if not isinstance(groups, dict):
        rule = f"timm groups no stages of {type(body).__name__}, so it has no last one."
        raise UsageError(rule, hint="Train all of it: --set tune=all.")
    # timm's mark for "with the group before": otherwise the unmatched are a last group alone.
    everything_else = {"rest": [(r".", (99999,))]}
    layers = group_parameters(body, {**groups, **everything_else})
    return frozenset(layers[max(layers)])


def last_stage_parameters(spec: Backbone, body: nn.Module) -> frozenset[str]:
    """Names, within `body`, of the parameters that train with `tune=last`.

    Args:
        body: what `spec.build` gives, weights or not.

    Raises:
        UsageError: a net without stages.
    """
    if spec.split is not None:
        own = {id(parameter) for parameter in spec.split(body)[1].parameters()}
        return _names(body, own)
    if spec.last_stage is not None:
        return spec.last_stage(body)
    rule = f"tune=last needs a net that says what its last stage is; {spec.name} does not."
    raise UsageError(rule, hint="Train all of it: --set tune=all.")


def _names(body: nn.Module, wanted: Iterable[int]) -> frozenset[str]:
    wanted = set(wanted)
    return frozenset(name for name, value in body.named_parameters() if id(value) in wanted)
