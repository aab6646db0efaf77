"""What of a body trains: nothing (`tune=head`), its last stage (`last`), or all of it (`all`).

Shapes: N images, C H W a map's, S the size the body sees, F features.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

import torch
from torch import nn

from search_spaces.errors import UsageError
from trainables.backbones.load import FrozenBody
from trainables.backbones.stages import last_stage_parameters
from trainables.nets.dropout import with_own_dropout

if TYPE_CHECKING:
    from trainables.backbones import Backbone, Body

Norms = Literal["auto", "fixed", "batch"]
_BATCH_NORM = nn.modules.batchnorm._BatchNorm  # of every dimension; timm's are subclasses


class Part(nn.Module):
    """A net, or a part of one, some of whose modules stay in eval mode under `.train()`.

    Args:
        still: names of those modules; their own submodules are not meant.
    """

    def __init__(self, net: nn.Module, still: frozenset[str]) -> None:
        super().__init__()
        self.net = net
        self._still = still

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Images [N, 3, S, S], or a map [N, C, H, W] -> a map, or features [N, F]."""
        return self.net(values)

    def train(self, mode: bool = True) -> Self:
        """Train mode for what trains; the rest stays in eval mode, or statistics would drift."""
        super().train(mode)
        for name, module in self.net.named_modules():
            if name in self._still:
                module.training = False
        return self


@dataclass(frozen=True)
class Tuned:
    """A copy of a body, of which some trains. All three share its modules.

    Args:
        whole: images_NCHW (normalised) -> features_NF; its `net` has the body's own weight names.
        front: the frozen first part, whose output can be cached; None where nothing can.
        back: what comes after `front`; `whole` where there is no front.
    """

    whole: Part
    front: FrozenBody | None
    back: Part

    def trainable(self) -> list[nn.Parameter]:
        """Those that train, in the net's order."""
        return [value for value in self.whole.parameters() if value.requires_grad]


def check_tune(spec: Backbone, tune: str, weights: str = "pretrained") -> None:
    """Lets a net pass that can be tuned so.

    Raises:
        UsageError: a net from scratch whose body, or part of it, would stay as it was drawn.
    """
    if tune != "all" and weights != "random" and not spec.pretrained:
        raise UsageError(f"{spec.untrained}.", got=f"tune={tune}")


def tuned(body: Body, tune: str, *, weights: str = "pretrained", norms: Norms = "auto") -> Tuned:
    """A copy of `body`, on the CPU and in eval mode, whose last stage or all of which trains.

    BatchNorm of what trains, by `norms`: "batch" normalises by the batch and moves the statistics;
    "fixed" keeps the pretrained statistics (eval mode) and trains scale and shift alone; "auto" is
    "fixed" for pretrained weights, "batch" for those that start at random. The pretrained
    statistics come from a million images, those of a few hundred are noise: Kou et al. 2020
    (Stochastic Normalization, NeurIPS 33) take the pretrained ones at random, in place of the
    batch's, against overfitting on little data. Fixed ones also make the parts of a batch
    (accumulation) add up to the batch.

    Measured with benchmarks/batch_norm.py: fixed 53.4 % (range 49.2 to 56.7), batch 47.9 % (44.1 to
    51.9), n = 8 splits of 100 CIFAR-10 labels, tf_efficientnet_lite0 at 64 px, tune "last".

    torch's own dropout layers become ours, which draw from a generator (`use_generator`).

    Args:
        tune: "last" or "all".
        weights: how `body` was loaded; with "random", `norms` "auto" is "batch".

    Raises:
        UsageError: `tune` is something else, or the net has no last stage.
    """
    if tune not in ("last", "all"):
        raise UsageError("A body is tuned last or all.", got=tune)
    check_tune(body.spec, tune, weights)
    if norms == "auto":
        norms = "fixed" if body.spec.pretrained and weights != "random" else "batch"
    net = with_own_dropout(copy.deepcopy(body.module.net).cpu()).requires_grad_(True)
    if tune == "all":
        return _tuned(net, None, net, norms)
    names = last_stage_parameters(body.spec, net)
    for name, parameter in net.named_parameters():
        parameter.requires_grad_(name in names)
    front, back = body.spec.split(net) if body.spec.split else (None, net)
    return _tuned(net, front, back, norms)


def _tuned(net: nn.Module, front: nn.Module | None, back: nn.Module, norms: str) -> Tuned:
    training = {
        id(module)
        for module in _trained_modules(back)
        if norms == "batch" or not isinstance(module, _BATCH_NORM)
    }
    whole = _part(net, training)
    if front is None:
        return Tuned(whole, None, whole)
    return Tuned(whole, FrozenBody(front), _part(back, training))


def _trained_modules(back: nn.Module) -> Iterator[nn.Module]:
    """The modules in which everything trains; those without parameters go with what holds them."""
    for module in back.children():
        yield from _trained_modules(module)
    own = list(back.parameters())
    if own and all(parameter.requires_grad for parameter in own):
        yield from back.modules()


def _part(net: nn.Module, training: set[int]) -> Part:
    still = (name for name, module in net.named_modules() if id(module) not in training)
    return Part(net, frozenset(still)).eval()
