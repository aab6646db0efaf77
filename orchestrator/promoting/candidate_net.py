"""The candidate's net as it will be exported: float32, on the CPU, BatchNorm folded."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from torch import nn

from trainables.config import TrialConfig
from trainables.exporting.fresh_latency import measure_file
from trainables.exporting.graph import export_graph, save_graph
from trainables.exporting.net import ExportableClassifier, exportable_classifier
from trainables.model import PixelClassifier
from trainables.record import TrialRecord


def candidate_net(record: TrialRecord) -> ExportableClassifier:
    """Of a finished trial, weights included.

    Raises:
        UsageError: the weights do not fit the body.
        WeightsUnavailable: the body's weights are not to be had any more.
    """
    assert isinstance(record.config, TrialConfig)
    return exportable_classifier(record.config, record.report.weights)


def pixels_to_logits(net: ExportableClassifier) -> nn.Module:
    """images01_NCHW in [0, 1] -> logits_NK: what an attack needs of it."""
    served = net.served
    return PixelClassifier(served.preprocess, served.body, served.head).eval()


def latency_p95_ms(net: ExportableClassifier, images_NHWC: np.ndarray) -> float:
    """One image at a time, 95th percentile, in milliseconds, of the exported file in a process of
    its own: what a gate is held against is what will be served.

    Args:
        images_NHWC: two or more.

    Raises:
        TrialFailed: the exported net gives no answer.
    """
    with tempfile.TemporaryDirectory(prefix="orchestrator-latency-") as folder:
        path = Path(folder) / "measured.pt2"
        save_graph(export_graph(net, images_NHWC), path)
        return measure_file(path, images_NHWC[0]).at(1).p95_ms
