"""Exports a net as one graph (pt2): a file that runs without this project, timm or torchvision."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path

import numpy as np
import torch
from torch.export import Dim, ExportedProgram
from torch.fx import GraphModule

from trainables.exporting.net import ExportableClassifier

_ABOUT_THE_MAKER = ("stack_trace", "nn_module_stack", "source_fn_stack", "torch_fn", "from_node")


def export_graph(net: ExportableClassifier, images_NHWC: np.ndarray) -> ExportedProgram:
    """The graph of `net` for any number and size of images, either layout.

    Args:
        images_NHWC: uint8 examples, two at least: torch takes a size of 1 for one that stays 1.
    """
    sizes = dict.fromkeys(range(4), Dim.AUTO)
    with torch.no_grad():
        program = torch.export.export(
            net,
            (torch.from_numpy(np.array(images_NHWC)),),
            {"probabilities": 2},  # neither 0 nor 1, which torch might take for fixed
            dynamic_shapes={"images": sizes, "probabilities": Dim.DYNAMIC},
        )
    _forget_the_maker(program)
    return program


def save_graph(program: ExportedProgram, path: Path) -> str:
    """Write `program` to `path`, which ends in `.pt2`; the SHA-256 of the file in hex digits."""
    with warnings.catch_warnings():
        # Said of weights in channels_last, which lie there whole all the same.
        warnings.filterwarnings("ignore", "No complete tensor found")
        torch.export.save(program, path)
    return file_digest(path)


def file_digest(path: Path) -> str:
    """The SHA-256 of a file in hex digits.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _forget_the_maker(program: ExportedProgram) -> None:
    """Drop the lines and file paths of the machine that exported it from every node."""
    for part in program.graph_module.modules():
        if isinstance(part, GraphModule):
            for node in part.graph.nodes:
                for name in _ABOUT_THE_MAKER:
                    node.meta.pop(name, None)
