"""A model whose answers can be worked out by hand, and images for it.

Its logits are `factor` times the mean red, green and blue of an image, each in [0, 1]. A wholly red
image has logits (factor, 0, 0), so red has a probability of e^factor / (e^factor + 2).
"""

from __future__ import annotations

import io
import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import PIL.Image
import torch
from mlflow import MlflowClient
from torch import nn

from trainables.served import ServedClassifier

CLASSES = ("red", "green", "blue")
SIZE = 8
RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def surely(factor: float) -> float:
    """The probability of red for a wholly red image."""
    return math.exp(factor) / (math.exp(factor) + 2)


def softmax(logits: list[float]) -> list[float]:
    """By its formula."""
    powers = [math.exp(logit) for logit in logits]
    return [power / sum(powers) for power in powers]


def picture(
    colour: tuple[int, ...] = RED, width: int = SIZE, height: int = SIZE, kind: str = "PNG"
) -> bytes:
    """The bytes of a file of one colour."""
    out = io.BytesIO()
    PIL.Image.new("RGB", (width, height), colour).save(out, kind)
    return out.getvalue()


def pixels(colour: tuple[int, ...] = RED, count: int = 1, size: int = SIZE) -> np.ndarray:
    """uint8 images_NHWC of one colour."""
    return np.tile(np.array(colour, np.uint8), (count, size, size, 1))


class _Mean(nn.Module):
    """uint8 images_NCHW -> mean colours [N, 3] in [0, 1]."""

    def forward(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        return images_NCHW.to(torch.float32).mean((2, 3)) / 255


def save_colour_model(folder: Path, factor: float) -> Path:
    """As MLflow saves an exported graph, in the new folder `folder`."""
    import mlflow.pytorch
    from mlflow.models import ModelSignature
    from mlflow.types import Schema, TensorSpec

    # Two images, not square: torch would take what is equal in the example for equal always.
    example_NHWC = (np.arange(2 * 8 * 9 * 3) % 256).astype(np.uint8).reshape(2, 8, 9, 3)
    head = nn.Linear(3, 3, bias=False)
    with torch.no_grad():
        head.weight.copy_(torch.eye(3) * factor)
    parts = SimpleNamespace(preprocess=_Mean(), body=nn.Identity(), head=head)
    images = TensorSpec(np.dtype(np.uint8), (-1, -1, -1, -1))
    logits = TensorSpec(np.dtype(np.float32), (-1, 3))
    mlflow.pytorch.save_model(
        ServedClassifier(parts).eval(),  # type: ignore[arg-type]
        str(folder),
        signature=ModelSignature(inputs=Schema([images]), outputs=Schema([logits])),
        input_example=example_NHWC,
        pip_requirements=["torch"],
        serialization_format="pt2",
        metadata={"classes": list(CLASSES), "image_size": SIZE},
    )
    return folder


def register(uri: str, name: str, folders: list[Path]) -> MlflowClient:
    """Versions 1, 2, ... of `name`; version 1 is its champion."""
    client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    client.create_registered_model(name)
    for folder in folders:
        client.create_model_version(name, folder.as_uri())
    client.set_registered_model_alias(name, "champion", "1")
    return client
