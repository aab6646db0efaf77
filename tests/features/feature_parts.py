"""A tiny body and a few images; run as a script, it extracts them in a process of its own."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from trainables.features import FeatureBlock, FeatureKey, cached_features
from trainables.reports import Progress

FEATURES = 6


@dataclass(frozen=True)
class TinyImages:
    """What the cache asks of an ImageData."""

    images_NHWC: np.ndarray


@dataclass(frozen=True)
class TinySpec:
    """What extraction asks of a backbone."""

    mean: tuple[float, ...] = (0.5, 0.4, 0.3)
    std: tuple[float, ...] = (0.5, 0.25, 0.2)


class TinyNet(nn.Module):
    """Convolution, BatchNorm with statistics of its own, pooling; may count and dawdle."""

    def __init__(self, seconds: float = 0.0, count_file: Path | None = None) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(7)
            self.conv = nn.Conv2d(3, FEATURES, 3, bias=False)
            self.norm = nn.BatchNorm2d(FEATURES)
            nn.init.uniform_(self.norm.weight, 0.5, 2.0)
            nn.init.normal_(self.norm.bias)
            nn.init.normal_(self.norm.running_mean)
            nn.init.uniform_(self.norm.running_var, 0.1, 3.0)
        self.seconds, self.count_file = seconds, count_file
        self.eval().requires_grad_(False)

    def forward(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        if self.count_file is not None and len(images_NCHW) > 1:
            with self.count_file.open("a") as file:
                file.write(f"{len(images_NCHW)}\n")
        time.sleep(self.seconds)
        return torch.relu(self.norm(self.conv(images_NCHW))).mean((2, 3))


@dataclass(frozen=True)
class TinyBody:
    """What a body factory returns."""

    module: nn.Module
    spec: TinySpec
    digest: str = "tiny"


def tiny_images(count: int = 400) -> TinyImages:
    """Random pixels, the same in every process."""
    shape = (count, 12, 12, 3)
    return TinyImages(np.random.default_rng(3).integers(0, 256, shape, np.uint8))


def tiny_key(**changes: object) -> FeatureKey:
    """The key of `TinyBody` at 10 px."""
    fields = {
        "data_digest": "0123456789abcdef",
        "backbone": "tiny",
        "weights_digest": "tiny",
        "input_size": 10,
        "resize": "bilinear",
        "precision": "float32",
    }
    return FeatureKey(**{**fields, **changes})


def extract(
    indices: np.ndarray,
    *,
    net: Callable[[], nn.Module] = TinyNet,
    key: FeatureKey | None = None,
    **options: float,
) -> FeatureBlock:
    """`cached_features` of tiny images, run to its end."""
    return drain(features_of(indices, net=net, key=key, **options))[1]


def features_of(
    indices: np.ndarray,
    *,
    net: Callable[[], nn.Module] = TinyNet,
    key: FeatureKey | None = None,
    **options: float,
) -> Iterator[Progress]:
    """The generator itself."""
    return cached_features(
        tiny_images(),
        indices,
        lambda: TinyBody(net(), TinySpec()),
        key or tiny_key(),
        **options,
    )


def drain(generator: Iterator[Progress]) -> tuple[list[Progress], FeatureBlock]:
    """All that it yields, and what it returns."""
    reports = []
    while True:
        try:
            reports.append(next(generator))
        except StopIteration as end:
            return reports, end.value


def direct_features(indices: np.ndarray) -> np.ndarray:
    """By the textbook: torch's resize, the formula of normalising, the net in float32, no cache."""
    spec = TinySpec()
    images = torch.from_numpy(tiny_images().images_NHWC[indices]).permute(0, 3, 1, 2) / 255
    images = nn.functional.interpolate(images, (10, 10), mode="bilinear", antialias=True)
    mean, std = torch.tensor(spec.mean), torch.tensor(spec.std)
    normal = (images - mean[:, None, None]) / std[:, None, None]
    return TinyNet()(normal).numpy()


def main(folder: Path, seconds: str, count: str) -> None:
    """Prints, as JSON, how many images this process extracted and what it waited for."""
    torch.set_num_threads(1)
    (folder / f"started-{os.getpid()}").touch()
    net = TinyNet(float(seconds), folder / "counts")
    generator = features_of(np.arange(int(count)), net=lambda: net, flush_seconds=0.05)
    reports, block = drain(generator)
    answer = {
        "extracted": block.extracted,
        "stages": sorted({report.stage for report in reports}),
        "digest": hashlib.sha256(block.features_NF.tobytes()).hexdigest(),
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
