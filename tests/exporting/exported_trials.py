"""Small finished trials of each kind, and their exported graphs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch.export import ExportedProgram

from trainables.config import TrialConfig
from trainables.data import load
from trainables.exporting.graph import export_graph
from trainables.exporting.net import ExportableClassifier, exportable_classifier
from trainables.record import TrialRecord, read_report, write_report
from trainables.reports import TrialReport
from trainables.trial import train

# MobileNet with random weights at 32 px: 2 ms an image, and nothing is downloaded.
_BASE = TrialConfig(
    data="digits",
    backbone="mobilenet_v2",
    weights="random",
    input_size=32,
    train_size=120,
    val_size=60,
    epochs=3,
    lr=1e-3,
    attack="none",
    precision="float32",
    threads=1,
)
_SCRATCH = {"backbone": "mini_vgg", "tune": "all", "width": 8, "depth": 2, "batch_size": 30}
KINDS = {
    "head": _BASE,
    "last": _BASE.replace(tune="last", epochs=1),
    "scratch": _BASE.replace(**_SCRATCH),
    "scratch_bfloat16": _BASE.replace(**_SCRATCH, precision="bfloat16"),
    "head_bfloat16": _BASE.replace(precision="bfloat16"),
    "all": _BASE.replace(tune="all", epochs=1),
    "mlp_bilinear": _BASE.replace(
        backbone="mlp", tune="all", head="cosine", width=64, resize="bilinear"
    ),
}


@dataclass(frozen=True)
class ExportedTrial:
    """A trial, its net before the export, and its graph after."""

    record: TrialRecord
    net: ExportableClassifier
    program: ExportedProgram

    def ask(self, images: np.ndarray, *, probabilities: int = 0) -> np.ndarray:
        """What the graph says."""
        import torch

        with torch.inference_mode():
            module = self.program.module(check_guards=False)
            answer: np.ndarray = module(
                torch.from_numpy(images), probabilities=probabilities
            ).numpy()
        return answer


def run_trial(kind: str, folder: Path) -> TrialRecord:
    """The finished trial of that kind, read back from its folder."""
    *_, report = train(KINDS[kind])
    assert isinstance(report, TrialReport)
    write_report(report, KINDS[kind], folder)
    return read_report(folder)


def exported_trial(kind: str, folder: Path) -> ExportedTrial:
    """Run, put together and exported."""
    record = run_trial(kind, folder)
    assert isinstance(record.config, TrialConfig)
    net = exportable_classifier(record.config, record.report.weights)
    return ExportedTrial(record, net, export_graph(net, load("digits").images_NHWC[:2]))


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    """uint8 images of this shape."""
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
