"""CIFAR-100 (Krizhevsky 2009): 50,000 training and 10,000 test images of 32 px, 100 classes.

The labels are the 100 fine ones; the 20 super-classes are left alone. The download was not run
where this was written (no network); the files' format was, with torchvision's own reader.
"""

from __future__ import annotations

from trainables.data.torchvision_set import TorchvisionSet

SOURCE = TorchvisionSet(
    name="cifar100",
    title="CIFAR-100",
    description="CIFAR-100: 60,000 photographs of 100 classes, 32 px",
    dataset="torchvision.datasets:CIFAR100",
    train={"train": True},
    test={"train": False},
    layout="NHWC",
    labels="targets",
    classes=(),  # its file `meta` names them
    size=32,
    counts=(50_000, 10_000),
    files=("cifar-100-python/train", "cifar-100-python/test", "cifar-100-python/meta"),
    url="https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",
    download="169 MB",
)
