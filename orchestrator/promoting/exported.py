"""An exported graph as a net that can be attacked: differentiable, from pixels to logits.

The graph of a logged model takes uint8 images and chooses between layouts and between logits and
probabilities by `torch.cond`. Run node by node, with floats in the place of uint8 and the branch
that each condition names, it is the same arithmetic, and autograd follows it.

Shapes: N images, C H W channels and pixels, K classes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import fx, nn

_COND = torch.ops.higher_order.cond
# Export asserts that images are uint8 where it found them so; floats of the same values are meant.
_ASSERTS_TYPE = torch.ops.aten._assert_tensor_metadata.default


class ExportedNet(nn.Module):
    """images01_NCHW in [0, 1] -> logits_NK.

    Args:
        graph: of an exported program, unlifted.
        takes_kind: whether it takes `probabilities`, of which 0 asks for logits.
    """

    def __init__(self, graph: fx.GraphModule, *, takes_kind: bool) -> None:
        super().__init__()
        self.graph_module = graph
        self.takes_kind = takes_kind

    def forward(self, images01_NCHW: torch.Tensor) -> torch.Tensor:
        """[N, C, H, W] -> [N, K]."""
        images = images01_NCHW * 255
        inputs = (images, 0) if self.takes_kind else (images,)
        logits_NK: torch.Tensor = _NodeByNode(self.graph_module).run(*inputs)
        return logits_NK


class _NodeByNode(fx.Interpreter):
    def call_function(self, target: Any, args: Any, kwargs: Any) -> Any:
        if target is _ASSERTS_TYPE:
            return None
        if target is _COND:
            condition, if_true, if_false, operands = args
            return _NodeByNode(if_true if bool(condition) else if_false).run(*operands)
        return super().call_function(target, args, kwargs)


def load_net(folder: Path, *, uri: str, digest: str = "") -> tuple[ExportedNet, tuple[str, ...]]:
    """The net in the folder of a logged model, and its classes; no code in it is run.

    Args:
        uri: how it is called in a refusal.
        digest: SHA-256 of the graph, as the store has it; "" where it does not say.

    Raises:
        RefusedModel: the file could run code, or is not the one that was logged.
        UsageError: it is no classifier of images.
    """
    from orchestrator.using.loading import load_folder
    from orchestrator.using.mlmodel import GRAPH
    from orchestrator.using.pt2_archive import clean_archive

    checked = load_folder(folder, name=uri, uri=uri, digest=digest)
    program = torch.export.load(clean_archive(folder / GRAPH, uri))
    graph = program.module(check_guards=False)
    assert isinstance(graph, fx.GraphModule)
    net = ExportedNet(graph, takes_kind=checked.facts.takes_kind)
    return net.requires_grad_(False), checked.classes
