"""Small tasks to train on: coloured noise whose class is in its brightness."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from trainables.config import TrialConfig
from trainables.model import PixelClassifier, Preprocess
from trainables.nets.dropout import Dropout
from trainables.training import Task

CLASSES = 3


def config(**changes: Any) -> TrialConfig:
    """Two batches an epoch of a net from scratch."""
    fields = {"tune": "all", "augment": "none", "batch_size": 24, "epochs": 4, "dropout": 0.0}
    return TrialConfig(**{**fields, "precision": "float32", **changes})


def net(seed: int = 0, *, dropout: float = 0.0, norm: bool = True) -> nn.Sequential:
    """A convolution and what belongs to it; the same for the same seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1, bias=not norm),
            nn.BatchNorm2d(8) if norm else nn.Identity(),
            nn.ReLU(),
            Dropout(dropout),
            nn.AdaptiveAvgPool2d(2),
            nn.Flatten(),
        )


def task(settings: TrialConfig, *, examples: int = 48, seed: int = 0, **changes: Any) -> Task:
    """A new one; equal to any other of the same arguments.

    Args:
        examples: to train on; as many again are held out.
    """
    generator = torch.Generator().manual_seed(seed)
    labels_N = torch.randint(0, CLASSES, (2 * examples,), generator=generator)
    noise = torch.randint(0, 120, (2 * examples, 3, 8, 8), generator=generator)
    images_NCHW = (noise + 60 * labels_N[:, None, None, None]).to(torch.uint8)
    body = net(seed, **changes)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        head = nn.Linear(32, CLASSES)
    model = PixelClassifier(Preprocess(8, (0.5,) * 3, (0.25,) * 3), body, head)
    rows_N = torch.arange(2 * examples)
    return Task(
        config=settings,
        model=model.to(memory_format=torch.channels_last),
        body=body,
        inputs_N=images_NCHW,
        labels_N=labels_N,
        train_N=rows_N[:examples],
        val_M=rows_N[examples:],
        classes=CLASSES,
    )
