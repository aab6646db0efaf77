"""D: a hundred labels: a residual net from scratch, and one that is fine-tuned.

Published: the first 100 training images, 100 epochs of Adam, a tenth of the rate every 30, batch
10, at 32 px.
"""

from __future__ import annotations

from search_spaces.references.reference import Missing, Reference, Row

_PUBLISHED = {
    "tune": "all", "optimiser": "adam", "lr": 1e-3, "batch_size": 10, "epochs": 100,
    "schedule": "multistep", "step_epochs": 30, "step_factor": 0.1, "weight_decay": 0.0,
    "dropout": 0.0, "augment": "none", "input_size": 32,
}  # fmt: skip
_RANDOM = "100 random labels, not the first 100"


def _rows(size: int) -> list[Row]:
    flipped = {**_PUBLISHED, "augment": "flip_crop"}
    head = {"tune": "head", "input_size": size}
    tuned = {"tune": "last", "input_size": 128, "epochs": 20, "lr": 3e-4, "batch_size": 16}
    return [
        Row("resnet18_cifar from scratch", "resnet18_cifar", _PUBLISHED, 64.0, 19.40, _RANDOM),
        Row("resnet18 fine-tuned", "resnet18", _PUBLISHED, 100.0, 29.82, _RANDOM),
        Row("resnet18_cifar + flip and crop", "resnet18_cifar", flipped, 80.0, 19.84, _RANDOM),
        Row("tf_efficientnet_lite0, head", "tf_efficientnet_lite0", head, note="ours"),
        Row("tf_efficientnet_lite2, head", "tf_efficientnet_lite2", head, note="ours"),
        Row("tf_efficientnet_lite0, last stage", "tf_efficientnet_lite0", tuned, note="ours"),
    ]


REFERENCE = Reference(
    name="D",
    title="a hundred labels",
    question="Which recipe is the best for a hundred labels?",
    rows={"small": _rows(128), "full": _rows(224)},
    defaults={budget: {"train_size": 100, "val_size": 1000} for budget in ("small", "full")},
    left_out={
        "small": "heads at 224 px (here 128)",
        "full": "the published subset, the first 100 images (here random ones)",
    },
    missing=(Missing("weak supervision with the unlabelled rest", float("nan"), "not there yet"),),
)
