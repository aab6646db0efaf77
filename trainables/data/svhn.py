"""Street View House Numbers (Netzer et al. 2011), cropped digits of 32 px: 73,257 + 26,032 images.

The 531,131 easier images of its `extra` split are left alone. The download was not run where this
was written (no network); the files' format was, with torchvision's own reader.
"""

from __future__ import annotations

from trainables.data.torchvision_set import TorchvisionSet

SOURCE = TorchvisionSet(
    name="svhn",
    title="SVHN",
    description="SVHN: 99,289 house-number digits, 32 px (without its extra split)",
    dataset="torchvision.datasets:SVHN",
    train={"split": "train"},
    test={"split": "test"},
    layout="NCHW",
    labels="labels",  # torchvision has made the files' 10 a 0
    classes=tuple("0123456789"),
    size=32,
    counts=(73_257, 26_032),
    files=("train_32x32.mat", "test_32x32.mat"),
    url="http://ufldl.stanford.edu/housenumbers/train_32x32.mat",
    download="246 MB",
)
