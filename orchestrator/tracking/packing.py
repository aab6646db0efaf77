"""A trial's whole model as a folder that MLflow can load: from raw uint8 images to logits."""

from __future__ import annotations

from pathlib import Path

import mlflow
import mlflow.pytorch
import numpy as np
import torch
from mlflow.entities import LoggedModel
from mlflow.models import Model, ModelSignature
from mlflow.types import Schema, TensorSpec
from safetensors.numpy import load_file

from orchestrator.study.facts import TrialFacts
from orchestrator.tracking.files import read_examples, read_files
from orchestrator.tracking.records import folder_of
from search_spaces.errors import TrialFailed
from trainables.config import TrialConfig
from trainables.served import ServedClassifier


def pack_model(trial: TrialFacts, path: Path, logged: LoggedModel, run_id: str) -> Path:
    """The model of `trial` in MLflow's format in the new folder `path`.

    Saved as an exported graph (pt2): it loads without this project, without timm or torchvision,
    and without unpickling anything (`MLFLOW_ALLOW_PICKLE_DESERIALIZATION=false` works).

    Raises:
        TrialFailed: the trial left no weights.
        UnavailableError: the body's weights are gone from this machine.
    """
    served, classes = _build(trial)
    example_NHWC = _example(trial)
    mlflow_model = Model(
        artifact_path=logged.artifact_location,
        model_uuid=logged.model_id,
        run_id=run_id,
        model_id=logged.model_id,
        metadata={
            "classes": list(classes),
            "input": "uint8 RGB images, [N, H, W, 3] or [N, 3, H, W], any N, H, W",
            "output": "logits [N, classes]",
            "trial": trial.label,
        },
    )
    with torch.no_grad():
        mlflow.pytorch.save_model(
            served,
            str(path),
            mlflow_model=mlflow_model,
            signature=signature(len(classes)),
            input_example=example_NHWC,
            pip_requirements=_requirements(),
            serialization_format="pt2",
        )
    # An exported graph stays on its device; MLflow's default, the GPU where there is one, fails.
    mlflow_model.flavors["python_function"]["config"]["device"] = "cpu"
    mlflow_model.save(str(path / "MLmodel"))
    return path


def signature(n_classes: int) -> ModelSignature:
    """uint8 of four free dimensions (both layouts) to float32 logits."""
    images = TensorSpec(np.dtype(np.uint8), (-1, -1, -1, -1))
    logits = TensorSpec(np.dtype(np.float32), (-1, n_classes))
    return ModelSignature(inputs=Schema([images]), outputs=Schema([logits]))


def _build(trial: TrialFacts) -> tuple[ServedClassifier, tuple[str, ...]]:
    from trainables.classifier import build_classifier, class_count

    folder = folder_of(trial)
    if folder is None or not (folder / "weights.safetensors").is_file():
        raise TrialFailed(f"Trial {trial.number} left no weights.")
    config = TrialConfig.model_validate(dict(trial.config))
    weights = load_file(folder / "weights.safetensors")
    classes = tuple(read_files(trial).report.get("classes") or ())
    if not classes:
        classes = tuple(str(index) for index in range(class_count(weights)))
    classifier = build_classifier(config, weights)
    return ServedClassifier(classifier.to("cpu")).eval(), classes


def _example(trial: TrialFacts, count: int = 2) -> np.ndarray:
    """Two of the trial's own images; an export with a batch of one would take no other batch."""
    examples = read_examples(folder_of(trial))
    if examples is not None and len(examples.clean_NHWC) >= count:
        return np.ascontiguousarray(examples.clean_NHWC[:count])
    gradient_HW = np.add.outer(np.arange(32), np.arange(32)).astype(np.uint8) * 4
    return np.repeat(np.stack([gradient_HW, 255 - gradient_HW])[..., None], 3, axis=-1)


def _requirements() -> list[str]:
    """Given, since MLflow's own inference of them takes 10 s; `+cpu` is no release on an index."""
    torch_version = str(torch.__version__).split("+")[0]
    return [
        f"mlflow=={mlflow.__version__}",
        f"torch=={torch_version}",
        f"numpy=={np.__version__}",
    ]
