"""B: the residual net of 6,573,120 parameters under one cycle.

Published: Adam, batch 512, OneCycle over 24 epochs with its peak of 2.54e-3 at epoch 5, from and to
2.54e-4, pad-crop, flip and 8x8 cutout, dropout 0.1. The fast recipe is that of the net's authors
for 10 epochs: Nesterov SGD, label smoothing, and logits that are an eighth as large, without which
it diverges (49,000 images: a loss of 6.4 in the first epoch at 0.2, and 51.0 % in the end).
"""

from __future__ import annotations

from search_spaces.references.reference import Reference, Row

_PUBLISHED = {
    "tune": "all", "optimiser": "adam", "batch_size": 512, "epochs": 24, "lr": 2.54e-3,
    "schedule": "onecycle", "peak_epoch": 5.0, "div_factor": 10.0, "final_div_factor": 1.0,
    "anneal": "linear", "weight_decay": 0.0, "augment": "flip_crop_cutout", "dropout": 0.0,
    "body_dropout": 0.1,
}  # fmt: skip
_FAST = {
    **_PUBLISHED, "optimiser": "sgd", "epochs": 10, "lr": 0.4, "peak_epoch": 2.0, "head": "scaled",
    "final_div_factor": 100.0, "weight_decay": 5e-4, "label_smoothing": 0.2, "body_dropout": 0.0,
}  # fmt: skip
_SMALL = {"batch_size": 128, "epochs": 10, "peak_epoch": 2.0}

REFERENCE = Reference(
    name="B",
    title="a small residual net under one cycle of the learning rate",
    question="How accurate is the residual net from scratch, and what does the cycle do for it?",
    rows={
        "small": [
            Row("resnet9", "resnet9", {**_PUBLISHED, **_SMALL}, train=98.13, test=93.05,
                note="published on all labels, 24 epochs"),
            Row("resnet9, constant rate", "resnet9",
                {**_PUBLISHED, **_SMALL, "schedule": "constant", "peak_epoch": None, "lr": 1e-3},
                note="ours: the same without a cycle"),
        ],
        "full": [
            Row("resnet9", "resnet9", _PUBLISHED, train=98.13, test=93.05),
            Row("resnet9, fast recipe", "resnet9", _FAST, note="ours: SGD, 10 epochs"),
        ],
    },
    defaults={
        "small": {"train_size": 3000, "val_size": 1000},
        "full": {"train_size": 49_000, "val_size": 1000},
    },
    left_out={
        "small": "47,000 of the 50,000 training images, 14 of 24 epochs, and batches of 512",
        "full": "1,000 of the 50,000 labels are held out for validation",
    },
)  # fmt: skip
