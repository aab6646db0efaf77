"""The classifier of a trial as it computes in the trial: same precision, same folded body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from trainables.bodies import inference_body
from trainables.config import TrialConfig
from trainables.setup import TrialSetup

if TYPE_CHECKING:
    from trainables.model import PixelClassifier


def trial_model(
    config: TrialConfig, setup: TrialSetup, weights: Mapping[str, np.ndarray]
) -> PixelClassifier:
    """From pixels to logits, in eval mode, on `setup.one_device`.

    Args:
        weights: as in `TrialReport.weights`.

    Raises:
        UsageError: the weights do not fit the body.
    """
    from trainables.classifier import BodyInPrecision, assemble, trained_body
    from trainables.depthwise import depthwise_in_float32

    body, precision, device = setup.body(config), setup.key.precision, setup.one_device
    net = trained_body(body, weights)
    if net is body.module:
        net = inference_body(body, setup.key.input_size, precision, device)
    elif precision == "bfloat16" and device == "cpu":
        depthwise_in_float32(net)  # as it was trained
    return assemble(config, body, BodyInPrecision(net, precision), weights).to(device)
