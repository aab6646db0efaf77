"""The three loops that `training.py` compares: ours, the usual one, and no data work at all.

Each is made once and then asked for epochs; all train the same net on the same CIFAR-10 images with
the same batch, optimiser and augmentation (reference B's: crop, flip, cutout).

Shapes: N images, B of a batch.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from trainables.backbones import get_backbone, load_body
from trainables.classifier import BodyInPrecision, preprocess_for
from trainables.config import TrialConfig
from trainables.data import load
from trainables.head_modules import HEADS
from trainables.model import PixelClassifier
from trainables.training import Task, Training
from trainables.tuning import tuned

CLASSES = 10


@dataclass(frozen=True)
class Setting:
    """What is trained on what.

    Args:
        precision: "float32" or "bfloat16" (autocast).
        images: of an epoch.
    """

    net: str
    precision: str
    batch_size: int
    images: int
    workers: int = 2

    def config(self) -> TrialConfig:
        """The trial that this is."""
        return TrialConfig(
            backbone=self.net, tune="all", optimiser="sgd", lr=0.01, weight_decay=5e-4,
            schedule="constant", augment="flip_crop_cutout", batch_size=self.batch_size,
            precision=self.precision, dropout=0.0, input_size=32, epochs=100_000,
        )  # fmt: skip


def model_of(setting: Setting, precision: str) -> PixelClassifier:
    """The net with its head, from the same seed."""
    config, spec = setting.config(), get_backbone(setting.net)
    body = tuned(load_body(setting.net), "all").whole
    head = HEADS.get("linear")(
        spec.features, CLASSES, dropout=0.0, bias=spec.head_bias, generator=torch.Generator()
    )
    preprocess = preprocess_for(config, spec, eager=True)
    return PixelClassifier(preprocess, BodyInPrecision(body, precision), head)


def images_of(setting: Setting) -> tuple[np.ndarray, np.ndarray]:
    """uint8 [N, 32, 32, 3] and labels [N]."""
    data = load("cifar10")
    return np.asarray(data.images_NHWC[: setting.images]), np.asarray(data.labels_N)[
        : setting.images
    ].astype(np.int64)


@dataclass
class Ours:
    """The loop of this project; `parts` are seconds by part since the last look."""

    setting: Setting
    parts: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        images_NHWC, labels_N = images_of(self.setting)
        model = model_of(self.setting, self.setting.precision)
        rows_N = torch.arange(len(labels_N))
        task = Task(
            config=self.setting.config(),
            model=model.to(memory_format=torch.channels_last),
            body=model.body,
            inputs_N=torch.from_numpy(images_NHWC).permute(0, 3, 1, 2),
            labels_N=torch.from_numpy(labels_N),
            train_N=rows_N,
            val_M=rows_N[:0],
            classes=CLASSES,
            mean_C=tuple(get_backbone(self.setting.net).mean),
        )
        self._training = Training(task)
        self._time("_inputs", "data")
        self._time("_backward", "net")

    def epoch(self) -> None:
        """All images once."""
        before, began = self._counted(), time.perf_counter()
        self._training.run_epoch()
        rest = time.perf_counter() - began - (self._counted() - before)
        self.parts["rest"] = self.parts.get("rest", 0.0) + rest

    def _counted(self) -> float:
        return sum(seconds for part, seconds in self.parts.items() if part != "rest")

    def _time(self, method: str, part: str) -> None:
        plain: Callable[..., object] = getattr(self._training, method)

        def timed(*arguments: object) -> object:
            began = time.perf_counter()
            try:
                return plain(*arguments)
            finally:
                self.parts[part] = self.parts.get(part, 0.0) + time.perf_counter() - began

        setattr(self._training, method, timed)


class _Pictures(Dataset):
    """What torchvision's CIFAR10 does: an array in memory, a PIL image for each item."""

    def __init__(self, images_NHWC: np.ndarray, labels_N: np.ndarray, transform: object) -> None:
        self._images, self._labels, self._transform = images_NHWC, labels_N, transform

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        return self._transform(Image.fromarray(self._images[index])), int(self._labels[index])


class Usual:
    """PIL transforms in a DataLoader with workers, one `.item()` a batch.

    Args:
        low: autocast in the setting's precision and channels_last, which tutorials leave out.
    """

    def __init__(self, setting: Setting, *, low: bool = False) -> None:
        spec = get_backbone(setting.net)
        steps = [
            transforms.RandomCrop(32, padding=4, padding_mode="reflect"),
            transforms.RandomHorizontalFlip(),
            transforms.ToTensor(),
            transforms.Normalize(spec.mean, spec.std),
            transforms.RandomErasing(p=0.5, scale=(1 / 16, 1 / 16), ratio=(1.0, 1.0)),
        ]
        pictures = _Pictures(*images_of(setting), transforms.Compose(steps))
        self._loader = DataLoader(
            pictures, setting.batch_size, shuffle=True, num_workers=setting.workers,
            persistent_workers=setting.workers > 0,
        )  # fmt: skip
        model = model_of(setting, "float32")
        self._net = nn.Sequential(model.body.body, model.head)
        self._dtype = torch.bfloat16 if low and setting.precision == "bfloat16" else None
        if self._dtype:
            self._net.to(memory_format=torch.channels_last)
        self._optimiser = torch.optim.SGD(
            self._net.parameters(), lr=0.01, momentum=0.9, nesterov=True, weight_decay=5e-4
        )

    def epoch(self) -> None:
        """All images once."""
        self._net.train()
        total = 0.0
        for images_BCHW, labels_B in self._loader:
            if self._dtype:
                images_BCHW = images_BCHW.contiguous(memory_format=torch.channels_last)
            with torch.autocast("cpu", dtype=self._dtype, enabled=self._dtype is not None):
                loss = functional.cross_entropy(self._net(images_BCHW).float(), labels_B)
            self._optimiser.zero_grad()
            loss.backward()
            self._optimiser.step()
            total += loss.item()


class Bare:
    """The same net and optimiser on one batch that lies ready: what the arithmetic alone takes."""

    def __init__(self, setting: Setting) -> None:
        model = model_of(setting, setting.precision)
        model.preprocess = nn.Identity()
        self._net = model.to(memory_format=torch.channels_last)
        shape = (setting.batch_size, 3, 32, 32)
        self._images = torch.randn(shape).contiguous(memory_format=torch.channels_last)
        self._labels = torch.randint(0, CLASSES, shape[:1])
        self._optimiser = torch.optim.SGD(
            self._net.parameters(), lr=0.01, momentum=0.9, nesterov=True, fused=True
        )
        self._steps = setting.images // setting.batch_size

    def epoch(self) -> None:
        """As many steps."""
        self._net.train()
        for _ in range(self._steps):
            loss = functional.cross_entropy(self._net(self._images), self._labels)
            self._optimiser.zero_grad()
            loss.backward()
            self._optimiser.step()


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Torch threads meanwhile."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
