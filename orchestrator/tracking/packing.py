"""A net as a folder that MLflow can load: from raw uint8 images to logits or probabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import mlflow.pytorch
import numpy as np
import torch
from mlflow.entities import LoggedModel
from mlflow.models import Model, ModelSignature
from mlflow.types import ParamSchema, ParamSpec, Schema, TensorSpec
from safetensors.numpy import load_file
from torch import nn
from torch.export import ExportedProgram

from orchestrator.study.facts import TrialFacts
from orchestrator.tracking.files import read_examples, read_files
from orchestrator.tracking.records import folder_of
from search_spaces.errors import TrialFailed
from trainables.classifier import class_count
from trainables.config import TrialConfig
from trainables.exporting.graph import export_graph, save_graph
from trainables.exporting.net import PRECISION, exportable_classifier

GRAPH = "data/model.pt2"
"""Where the flavor keeps the graph, in the model's folder."""
CARD = {
    "input": "uint8 RGB images, [N, H, W, 3] or [N, 3, H, W], any N, H, W",
    "output": "logits [N, classes]; with params={'probabilities': True} their softmax",
    "precision": PRECISION,
}


@dataclass(frozen=True, eq=False)
class NetToPack:
    """What is packed.

    Args:
        program: takes images and `probabilities`.
        classes: by label.
        example_NHWC: uint8, goes along as the input example.
        facts: what else is written down with it; plain values.
    """

    program: ExportedProgram
    classes: tuple[str, ...]
    example_NHWC: np.ndarray
    facts: Mapping[str, Any]


def pack_model(trial: TrialFacts, path: Path, logged: LoggedModel, run_id: str) -> Path:
    """The model of `trial` in MLflow's format in the new folder `path`.

    Raises:
        TrialFailed: the trial left no weights.
        UnavailableError: the body's weights are gone from this machine.
    """
    folder = folder_of(trial)
    if folder is None or not (folder / "weights.safetensors").is_file():
        raise TrialFailed(f"Trial {trial.number} left no weights.")
    config = TrialConfig.model_validate(dict(trial.config))
    weights = load_file(folder / "weights.safetensors")
    report = read_files(trial).report
    example_NHWC, size = _example(trial)
    net = NetToPack(
        export_graph(exportable_classifier(config, weights), example_NHWC),
        tuple(report.get("classes") or map(str, range(class_count(weights)))),
        example_NHWC,
        {
            "trial": trial.label,
            "image_size": size or config.image_size,
            "digests": dict(report.get("digests") or {}),
        },
    )
    write_model(net, path, logged, run_id)
    return path


def write_model(net: NetToPack, path: Path, logged: LoggedModel, run_id: str) -> str:
    """Write a net in MLflow's format into the new folder `path`; the SHA-256 of its graph.

    It loads without this project, without timm or torchvision, and without unpickling anything
    (`MLFLOW_ALLOW_PICKLE_DESERIALIZATION=false` works). MLflow cannot export a net that takes
    parameters, so it is given a stand-in of the same form, whose graph is then replaced.
    """
    model = Model(
        artifact_path=logged.artifact_location,
        model_uuid=logged.model_id,
        run_id=run_id,
        model_id=logged.model_id,
        metadata={"classes": list(net.classes), **CARD, **net.facts},
    )
    with torch.no_grad():
        mlflow.pytorch.save_model(
            _StandIn(),
            str(path),
            mlflow_model=model,
            signature=signature(len(net.classes)),
            input_example=net.example_NHWC,
            pip_requirements=requirements(),
            serialization_format="pt2",
        )
    digest = save_graph(net.program, path / GRAPH)
    model.metadata = {**(model.metadata or {}), "sha256": digest}
    # An exported graph stays on its device; MLflow's default, the GPU where there is one, fails.
    model.flavors["python_function"]["config"]["device"] = "cpu"
    model.model_size_bytes = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    model.save(str(path / "MLmodel"))
    return digest


def signature(n_classes: int) -> ModelSignature:
    """uint8 of four free dimensions (both layouts) to float32 logits, or probabilities if asked."""
    images = TensorSpec(np.dtype(np.uint8), (-1, -1, -1, -1))
    answers = TensorSpec(np.dtype(np.float32), (-1, n_classes))
    kind = ParamSpec("probabilities", "boolean", default=False)
    return ModelSignature(
        inputs=Schema([images]), outputs=Schema([answers]), params=ParamSchema([kind])
    )


def requirements() -> list[str]:
    """Given, since MLflow's own inference of them takes 10 s; `+cpu` is no release on an index."""
    torch_version = str(torch.__version__).split("+")[0]
    return [
        f"mlflow=={mlflow.__version__}",
        f"torch=={torch_version}",
        f"numpy=={np.__version__}",
    ]


class _StandIn(nn.Module):
    """Images in, one number each out."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        numbers_N1: torch.Tensor = images.flatten(1).float().mean(dim=1, keepdim=True)
        return numbers_N1


def example_of(images_NHWC: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
    """The first two of some images; an export with a batch of one would take no other batch."""
    return np.array(images_NHWC[:2], dtype=np.uint8)


def _example(trial: TrialFacts) -> tuple[np.ndarray, int | None]:
    """Two of the trial's own images with their size, or two gradients."""
    examples = read_examples(folder_of(trial))
    if examples is not None and len(examples.clean_NHWC) >= 2:
        return example_of(examples.clean_NHWC), int(examples.clean_NHWC.shape[1])
    gradient_HW = np.add.outer(np.arange(32), np.arange(32)).astype(np.uint8) * 4
    pair_NHW = np.stack([gradient_HW, 255 - gradient_HW])
    return np.repeat(pair_NHW[..., None], 3, axis=-1), None
