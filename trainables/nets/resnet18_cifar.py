"""ResNet-18 for small images: torchvision's net with a 3x3 stem of stride 1 and no first pool.

At 32 px the ImageNet stem (7x7, stride 2, then a pool) leaves a map of 8 x 8; reference D's net
from scratch is this one. (He et al. 2016, arXiv 1512.03385, section 4.2 has the small stem; the
widths and the four stages are those of its ImageNet net.)
"""

from __future__ import annotations

from torch import nn

from trainables.nets.dropout import Dropout


def resnet18_cifar(*, body_dropout: float = 0.0) -> nn.Module:
    """images_NCHW -> features_NF with F = 512; from 8 px.

    Args:
        body_dropout: share of values dropped after each of the four stages.
    """
    from torchvision.models.resnet import BasicBlock, ResNet

    net = ResNet(BasicBlock, [2, 2, 2, 2], num_classes=1)
    net.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
    nn.init.kaiming_normal_(net.conv1.weight, mode="fan_out", nonlinearity="relu")
    for name in ("maxpool", "fc"):
        setattr(net, name, nn.Identity())
    for stage in (net.layer1, net.layer2, net.layer3, net.layer4):
        stage.append(Dropout(body_dropout))  # in the stage itself: no weight's name changes
    return net
