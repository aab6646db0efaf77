"""C: a reduced VGG16 against a multi-layer perceptron, and what would make it better.

Published: AdamW at 1e-4, batch 128, 35 epochs, dropout 0.4, the epoch of the best validation loss.
Its questions: what do augmentation, dropout and more layers do?
"""

from __future__ import annotations

from search_spaces.references.reference import Reference, Row

_PUBLISHED = {
    "tune": "all", "optimiser": "adamw", "lr": 1e-4, "batch_size": 128, "epochs": 35,
    "schedule": "constant", "dropout": 0.4, "body_dropout": 0.4, "augment": "none",
}  # fmt: skip
_SMALL = {"epochs": 12, "lr": 1e-3}


def _rows(recipe: dict[str, object], note: str) -> list[Row]:
    plain = {**recipe, "dropout": 0.0, "body_dropout": 0.0}
    flipped = {**recipe, "augment": "flip_crop"}
    return [
        Row("mini_vgg", "mini_vgg", recipe, train=85.2, test=73.2, note=note),
        Row("mini_vgg without dropout", "mini_vgg", plain, note="ours: what dropout does"),
        Row("mini_vgg + flip and crop", "mini_vgg", flipped, note="ours: what augmentation does"),
        Row("mini_vgg, a layer more", "mini_vgg", {**recipe, "depth": 5}, note="ours"),
        Row("mlp", "mlp", recipe, note="ours; its figure was not published"),
    ]


REFERENCE = Reference(
    name="C",
    title="a reduced VGG16 against a multi-layer perceptron",
    question="Do convolutions beat an MLP, and what do augmentation, dropout and a layer more do?",
    rows={
        "small": _rows({**_PUBLISHED, **_SMALL}, "published on all labels, 35 epochs at 1e-4"),
        "full": _rows(_PUBLISHED, ""),
    },
    defaults={
        "small": {"train_size": 4000, "val_size": 1000},
        "full": {"train_size": 45_000, "val_size": 5000},
    },
    left_out={
        "small": "41,000 of 45,000 training images and 23 of 35 epochs, at ten times the rate; "
        "the last epoch is kept, not the best one",
        "full": "the last epoch is kept, not the one of the best validation loss",
    },
)
