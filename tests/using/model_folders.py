"""A tiny exported model in a folder, made in a second, and ways to spoil it."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from torch import nn

from trainables.exporting.graph import export_graph, save_graph
from trainables.exporting.net import ExportableClassifier
from trainables.model import PixelClassifier, Preprocess
from trainables.served import ServedClassifier

CLASSES = ("dark", "red", "green", "blue")
SIDE = 8
Graph = dict[str, Any]


class MeanColour(nn.Module):
    """Normalised pixels to their mean colour [N, 3]."""

    def forward(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        means_NC: torch.Tensor = images_NCHW.mean(dim=(2, 3))
        return means_NC


def colour_net() -> ExportableClassifier:
    """Says which colour is the strongest, by weights that a person can check."""
    head = nn.Linear(3, 4)
    with torch.no_grad():
        head.weight.copy_(torch.cat([torch.zeros(1, 3), 10 * torch.eye(3)]))
        head.bias.copy_(torch.tensor([2.0, 0, 0, 0]))
    preprocess = Preprocess(SIDE, (0.0,) * 3, (1.0,) * 3)
    served = ServedClassifier(PixelClassifier(preprocess, MeanColour(), head))
    return ExportableClassifier(served).eval().requires_grad_(False)


def colour_logits(images_NHWC: np.ndarray) -> np.ndarray:
    """The same by hand, for images of `SIDE` pixels."""
    means_NC = images_NHWC.astype(np.float64).mean(axis=(1, 2)) / 255
    return np.concatenate([np.full((len(means_NC), 1), 2.0), 10 * means_NC], axis=1)


def write_folder(folder: Path) -> Path:
    """A model of MLflow's pytorch flavor, as `write_model` leaves it."""
    (folder / "data").mkdir(parents=True)
    example = np.zeros((2, SIDE, SIDE, 3), np.uint8)
    save_graph(export_graph(colour_net(), example), folder / "data" / "model.pt2")
    write_mlmodel(folder)
    return folder


def write_mlmodel(folder: Path, **changes: Any) -> None:
    """The file `MLmodel` beside the graph; `changes` replace keys of it."""
    graph = folder / "data" / "model.pt2"
    held: dict[str, Any] = {
        "flavors": {"pytorch": {"model_data": "data", "pytorch_version": str(torch.__version__)}},
        "metadata": {
            "classes": list(CLASSES),
            "image_size": SIDE,
            "sha256": hashlib.sha256(graph.read_bytes()).hexdigest(),
        },
        "signature": {
            "params": json.dumps([{"name": "probabilities", "type": "boolean", "default": False}])
        },
    }
    (folder / "MLmodel").write_text(yaml.safe_dump({**held, **changes}))


def spoiled(folder: Path, into: Path, *, change: Callable[[dict[str, bytes]], None]) -> Path:
    """A copy of a model whose graph's parts, by name without the root, went through `change`.

    Its digest is right: whoever can write a file can write its digest beside it.
    """
    shutil.copytree(folder, into)
    path = into / "data" / "model.pt2"
    with zipfile.ZipFile(path) as held:
        root = held.namelist()[0].partition("/")[0]
        parts = {name.partition("/")[2]: held.read(name) for name in held.namelist()}
    change(parts)
    with zipfile.ZipFile(path, "w") as out:
        for name, content in parts.items():
            out.writestr(f"{root}/{name}", content)
    write_mlmodel(into)
    return into


def with_graph(change: Callable[[Graph], None]) -> Callable[[dict[str, bytes]], None]:
    """The change of the parts that changes the graph's JSON."""

    def changed(parts: dict[str, bytes]) -> None:
        graph = json.loads(parts["models/model.json"])
        change(graph)
        parts["models/model.json"] = json.dumps(graph).encode()

    return changed
