"""`measure_speed`: images a second of a frozen body here, measured in a second and remembered."""

from __future__ import annotations

import time
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np

from trainables.features.speed_record import SpeedKey, machine, recall, remember

if TYPE_CHECKING:
    from torch import nn

    from trainables.backbones.spec import Backbone
    from trainables.features.extract import Extractor

_SOURCE_SIZE = 32  # pixels a side before resizing; larger data costs little more
_TARGET_SECONDS = 0.2  # one timed batch; two or more of them are timed


def measure_speed(
    backbone_name: str, input_size: int, precision: str, *, threads: int, device: str = "cpu"
) -> float:
    """Images a second that extraction reaches, resizing included, on random weights.

    Measured in about a second for a small net (a large one: three forward passes), remembered by
    machine; the second call imports no torch.

    Args:
        precision: "float32" or "bfloat16", already settled.
        threads: torch threads on a CPU.
        device: "cpu", "cuda" or "cuda:N".
    """
    key = SpeedKey(
        machine(device), version("torch"), backbone_name, input_size, precision, threads, device
    )
    known = recall(key)
    if known is not None:
        return known
    speed = _measure(key)
    remember(key, speed)
    return speed


def _measure(key: SpeedKey) -> float:
    import torch

    from trainables.backbones import get_backbone
    from trainables.features.extract import Extractor

    spec = get_backbone(key.backbone)
    with torch.random.fork_rng(devices=[]):
        body = _RandomBody(spec, _build(spec))
    extractor = Extractor(
        body,
        input_size=key.input_size,
        resize="bicubic",
        precision=key.precision,
        device=key.device,
        threads=key.threads,
    )
    return _images_per_second(extractor)


def _images_per_second(extractor: Extractor) -> float:
    """The best of a few batches: what else the machine does only ever slows one down."""
    size = (extractor.batch_size, _SOURCE_SIZE, _SOURCE_SIZE, 3)
    images_NHWC = np.random.default_rng(0).integers(0, 256, size, np.uint8)
    _seconds(extractor, images_NHWC[:2])  # the first batch of all builds kernels
    estimate = _seconds(extractor, images_NHWC[:2]) / 2
    batch = images_NHWC[: max(2, min(len(images_NHWC), int(_TARGET_SECONDS / estimate)))]
    if len(batch) > 2:
        _seconds(extractor, batch)  # and so does the first one of this shape
    seconds = [_seconds(extractor, batch)]
    while sum(seconds) < 2 * _TARGET_SECONDS:
        seconds.append(_seconds(extractor, batch))
    return len(batch) / min(seconds)


def _seconds(extractor: Extractor, images_NHWC: np.ndarray) -> float:
    started = time.perf_counter()
    for _ in extractor.run(images_NHWC, np.arange(len(images_NHWC))):
        pass
    return time.perf_counter() - started


@dataclass(frozen=True)
class _RandomBody:
    spec: Backbone
    module: nn.Module
    digest: str = "random"


def _build(spec: Backbone) -> nn.Module:
    """A body whose weights only have to be ordinary numbers; VGG's own start takes seconds."""
    import torch

    if not spec.builds_on_meta:
        return spec.build().requires_grad_(False)
    with torch.device("meta"):
        module = spec.build()
    module = module.to_empty(device="cpu").requires_grad_(False)
    for name, tensor in module.state_dict().items():
        if tensor.dim() > 1:
            bound = tensor[0].numel() ** -0.5
            tensor.uniform_(-bound, bound)
        else:
            tensor.fill_(0 if name.endswith(("bias", "running_mean")) else 1)
    return module
