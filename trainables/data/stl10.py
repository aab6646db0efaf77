"""STL-10 (Coates, Ng and Lee 2011): 5,000 labelled training and 8,000 test images of 96 px.

Stored at its own 96 px. The 100,000 unlabelled images come with the download and are left alone for
now. The download was not run where this was written (no network); the files' format was, with
torchvision's own reader.
"""

from __future__ import annotations

from trainables.data.torchvision_set import TorchvisionSet

SOURCE = TorchvisionSet(
    name="stl10",
    title="STL-10",
    description="STL-10: 13,000 photographs of 10 classes, 96 px (labelled part only)",
    dataset="torchvision.datasets:STL10",
    train={"split": "train"},
    test={"split": "test"},
    layout="NCHW",
    labels="labels",
    # As in its class_names.txt, which torchvision reads only where it is there.
    classes=(
        *("airplane", "bird", "car", "cat", "deer"),
        *("dog", "horse", "monkey", "ship", "truck"),
    ),
    size=96,
    counts=(5_000, 8_000),
    # torchvision refuses a folder without the unlabelled part, too.
    files=tuple(
        f"stl10_binary/{name}.bin"
        for name in ("train_X", "train_y", "test_X", "test_y", "unlabeled_X")
    ),
    url="http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz",
    download="2.6 GB, which take 6 GB of room while they are unpacked",
)
