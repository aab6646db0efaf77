"""Fashion-MNIST (Xiao, Rasul and Vollgraf 2017): 60,000 + 10,000 grey images of 28 px, 10 classes.

Grey is stored as three equal channels, since every net here takes colour. The download was not run
where this was written (no network); the files' format was, with torchvision's own reader.
"""

from __future__ import annotations

from trainables.data.torchvision_set import TorchvisionSet

SOURCE = TorchvisionSet(
    name="fashion_mnist",
    title="Fashion-MNIST",
    description="Fashion-MNIST: 70,000 grey pictures of clothes, 10 classes, 28 px",
    dataset="torchvision.datasets:FashionMNIST",
    train={"train": True},
    test={"train": False},
    layout="NHW",
    labels="targets",
    classes=(),  # torchvision's class names them
    size=28,
    counts=(60_000, 10_000),
    files=tuple(
        f"FashionMNIST/raw/{name}-ubyte"
        for name in (
            *("train-images-idx3", "train-labels-idx1"),
            *("t10k-images-idx3", "t10k-labels-idx1"),
        )
    ),
    url="http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/train-images-idx3-ubyte.gz",
    download="31 MB",
)
