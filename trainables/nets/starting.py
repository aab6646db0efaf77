"""Where a net from scratch starts."""

from __future__ import annotations

from torch import nn


def start_for_relu(net: nn.Module) -> None:
    """Draws weights so that ReLU layers keep the size of what goes through; biases are 0.

    (He et al. 2015, arXiv 1502.01852, eq. 10 and, for convolutions, its backward form, eq. 14, as
    ResNet and VGG have it in torchvision.) Draws from torch's generator: `load_body` seeds it.
    """
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(module, nn.Linear):
            nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="relu")
        else:
            continue
        if module.bias is not None:
            nn.init.zeros_(module.bias)
