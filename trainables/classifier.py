"""From a trial's config and the head it trained to the whole classifier, pixels in, logits out.

Shapes: N images, F features, K classes.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import nn

from search_spaces.errors import UsageError
from trainables.backbones import Backbone, Body
from trainables.bodies import body_of
from trainables.config import TrialConfig
from trainables.model import EagerPreprocess, PixelClassifier, Preprocess
from trainables.scaled_head import LAST_LAYER, saved_head
from trainables.weights_digest import weights_digest

_BODY, _HEAD = "body.", "head."  # what names of trained tensors begin with
_FEATURES = "head.mean_F"


class BodyInPrecision(nn.Module):
    """A body in the arithmetic that the cached features were made with; features are float32.

    Repeats `features.extract`: float32 up to the body's door, channels_last, autocast inside. So
    the attack's clean accuracy is the head's own on the same images.

    bfloat16 serves the attack's gradient as well as its verdicts, since the difference is within
    what 256 images can tell (95 % interval of a score: 0.04 either way). FGSM on 256 CIFAR-10
    images at 128 px, 1,000 labels, one thread; robust_score, and seconds on a loaded machine:

        gradient / verdicts     lite0            lite2
        float32 / float32       0.179  (60 s)    0.224  (140 s)
        bfloat16 / bfloat16     0.188  (35 s)    0.242   (60 s)
        bfloat16 / float32      0.190  (44 s)    0.240   (94 s)

    The difference is not nothing: a step of 0.5/255 is as small as bfloat16's rounding of the
    input, and fails a little more often (accuracy there 44.9 -> 47.7 and 45.7 -> 48.0). So scores
    are compared within one precision only, which is why the provenance names it.
    """

    def __init__(self, body: nn.Module, precision: str) -> None:
        super().__init__()
        self.body = body
        self.precision = precision

    def forward(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        """[N, C, S, S] float32, normalised -> [N, F] float32."""
        images_NCHW = images_NCHW.contiguous(memory_format=torch.channels_last)
        kind, low = images_NCHW.device.type, self.precision == "bfloat16"
        with torch.autocast(kind, dtype=torch.bfloat16, enabled=low):
            features_NF: torch.Tensor = self.body(images_NCHW).flatten(1)
        return features_NF.float()


def build_classifier(config: TrialConfig, weights: Mapping[str, np.ndarray]) -> PixelClassifier:
    """The classifier as it is exported: float32, on the CPU, in eval mode.

    Its modules may be the process's cached ones: deep-copy it before changing it.

    Args:
        weights: as in `TrialReport.weights`.

    Raises:
        UsageError: the weights do not fit the body.
        WeightsUnavailable: the body's weights are not to be had any more.
    """
    body = body_of(config, weights_digest(config))
    return assemble(config, body, trained_body(body, weights).cpu(), weights)


def assemble(
    config: TrialConfig, body: Body, module: nn.Module, weights: Mapping[str, np.ndarray]
) -> PixelClassifier:
    """Resizing and normalisation for `body`, then `module`, then the trained head; eval mode."""
    head = trained_head(config, weights)
    features = weights[_FEATURES if _FEATURES in weights else "weight"].shape[-1]
    if features != body.features:
        rule = f"A head for {body.spec.name} takes {body.features} features."
        raise UsageError(rule, got=features)
    return PixelClassifier(preprocess_for(config, body.spec), module, head).eval()


def preprocess_for(config: TrialConfig, spec: Backbone, *, eager: bool = False) -> Preprocess:
    """Resizing and normalisation as the body wants them.

    Args:
        eager: never exported, so that images of the right size need not be resized.
    """
    size = config.input_size or spec.natural_size
    return (EagerPreprocess if eager else Preprocess)(size, spec.mean, spec.std, config.resize)


def trained_body(body: Body, weights: Mapping[str, np.ndarray]) -> nn.Module:
    """The body as a trial left it: itself where it was frozen, else a changed copy.

    Raises:
        UsageError: a tensor that the body does not have.
    """
    own = {n.removeprefix(_BODY): t for n, t in weights.items() if n.startswith(_BODY)}
    if not own:
        return body.module
    changed = copy.deepcopy(body.module)
    state = changed.net.state_dict()
    for name, array in own.items():
        if name in state and state[name].ndim == 0 and array.shape == (1,):
            array = array[0]  # written by a version that stored scalars as vectors
        if name not in state or tuple(state[name].shape) != array.shape:
            rule = f"Trained weights must be those of {body.spec.name}."
            raise UsageError(rule, got=f"{name} {array.shape}")
        state[name] = torch.from_numpy(np.array(array))
    changed.net.load_state_dict(state)
    return changed


def class_count(weights: Mapping[str, np.ndarray]) -> int:
    """K of a trial's weights: rows of the last layer."""
    return len(weights["weight"] if "weight" in weights else weights[f"{_HEAD}{LAST_LAYER}"])


def trained_head(config: TrialConfig, weights: Mapping[str, np.ndarray]) -> nn.Module:
    """The linear head of `weight` and `bias`, or any other of `head.*`."""
    if "weight" in weights:
        return linear_head(weights)
    own = {n.removeprefix(_HEAD): t for n, t in weights.items() if n.startswith(_HEAD)}
    return saved_head(config.head, own)


def linear_head(head_weights: Mapping[str, np.ndarray]) -> nn.Linear:
    """`nn.Linear` with copies of `weight` [K, F] and `bias` [K], in float32."""
    weight_KF = torch.tensor(np.asarray(head_weights["weight"]), dtype=torch.float32)
    bias_K = torch.tensor(np.asarray(head_weights["bias"]), dtype=torch.float32)
    head = nn.utils.skip_init(nn.Linear, weight_KF.shape[1], weight_KF.shape[0])
    with torch.no_grad():
        head.weight.copy_(weight_KF)
        head.bias.copy_(bias_K)
    return head


def load_classifier(folder: Path) -> tuple[PixelClassifier, tuple[str, ...]]:
    """The classifier of a finished trial's folder, and its class names by label.

    Raises:
        OSError: the folder lacks `config.json`, `report.json` or `weights.safetensors`.
        UsageError: it is the trial of a trainable of somebody's own.
    """
    from trainables.record import read_report

    record = read_report(folder)
    if not isinstance(record.config, TrialConfig):
        rule = "A classifier is built from a trial of this package's own trainables."
        raise UsageError(rule, got=str(folder))
    classifier = build_classifier(record.config, record.report.weights)
    return classifier, record.report.classes
