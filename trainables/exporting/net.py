"""The net of a trial as it is exported: raw uint8 images in, logits or probabilities out.

Float32 whatever the trial computed in: bfloat16 is fast only where the processor has it, ONNX has
no resize in it, and an answer should not depend on the machine that gives it. What that changes is
measured by `agreement.py`. Shapes: N images, K classes.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from trainables.classifier import build_classifier
from trainables.config import TrialConfig
from trainables.features.inference import inference_copy
from trainables.model import PixelClassifier, Preprocess
from trainables.served import ServedClassifier

PRECISION = "float32"
"""Of every exported net."""


class ExportableClassifier(nn.Module):
    """uint8 RGB images, [N, H, W, 3] or [N, 3, H, W], any N, H and W -> [N, K] float32.

    Args:
        served: gives logits.
    """

    def __init__(self, served: ServedClassifier) -> None:
        super().__init__()
        self.served = served

    def forward(self, images: torch.Tensor, probabilities: int) -> torch.Tensor:
        """Logits where `probabilities` is 0, else their softmax.

        The choice is made inside the graph, as an argument of it: MLflow hands the parameters of a
        request on to the net, and takes one tensor back.
        """
        if not torch.compiler.is_exporting():
            logits_NK = self._logits(images)
            return _softmax(logits_NK) if probabilities else logits_NK
        logits_NK = self.served(images)
        answer_NK: torch.Tensor = torch.cond(probabilities != 0, _softmax, _copy, (logits_NK,))
        return answer_NK

    @property
    def input_size(self) -> int:
        """Pixels a side that the body sees."""
        preprocess = self.served.preprocess
        assert isinstance(preprocess, Preprocess)
        return preprocess.input_size

    def _logits(self, images: torch.Tensor) -> torch.Tensor:
        """Without an export a plain look at the layout will do; `torch.cond` would compile."""
        images_NCHW = images.permute(0, 3, 1, 2) if images.shape[3] == 3 else images
        served = self.served
        logits_NK: torch.Tensor = served.head(served.body(served.preprocess(images_NCHW)))
        return logits_NK


class LogitsAndProbabilities(nn.Module):
    """The same with both answers at once, for formats that take several outputs (ONNX)."""

    def __init__(self, served: nn.Module) -> None:
        super().__init__()
        self.served = served

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits and probabilities, each [N, K]."""
        logits_NK = self.served(images)
        return logits_NK, _softmax(logits_NK)


class ChannelsLast(nn.Module):
    """A body that gets its images in the layout in which a CPU convolves them faster.

    In float32, images a second of tf_efficientnet_lite0 at 128 px: 114 against 73
    (`trainables/features/precision.py`).
    """

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    def forward(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        """[N, C, S, S] -> [N, F]."""
        features_NF: torch.Tensor = self.body(
            images_NCHW.contiguous(memory_format=torch.channels_last)
        )
        return features_NF


def exportable_classifier(
    config: TrialConfig, weights: Mapping[str, np.ndarray]
) -> ExportableClassifier:
    """The net of a finished trial in eval mode, on the CPU, in float32, BatchNorm folded.

    Args:
        weights: as in `TrialReport.weights`.

    Raises:
        UsageError: the weights do not fit the body.
        WeightsUnavailable: the body's weights are not to be had any more.
    """
    classifier = build_classifier(config, weights)
    preprocess = classifier.preprocess
    assert isinstance(preprocess, Preprocess)
    body = ChannelsLast(inference_copy(classifier.body, preprocess.input_size, PRECISION))
    whole = PixelClassifier(preprocess, body, classifier.head.cpu())
    # A copy, since bodies and heads may be the process's own, or views of a larger array.
    net = copy.deepcopy(ExportableClassifier(ServedClassifier(whole)))
    for tensor in (*net.parameters(), *net.buffers()):
        tensor.data = tensor.data.clone()
    return net.eval().requires_grad_(False)


def _softmax(logits_NK: torch.Tensor) -> torch.Tensor:
    return logits_NK.softmax(dim=1)


def _copy(logits_NK: torch.Tensor) -> torch.Tensor:
    return logits_NK.clone()  # a branch of a `cond` must not give its input back
