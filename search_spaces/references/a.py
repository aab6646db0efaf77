"""A: frozen pretrained bodies with a linear head, on all labels and on 1,000 of them.

Published: 224 px, 50,000 labels, one epoch; vgg16 on 1,000 random labels, or on 750 and 250 more
chosen by margin sampling.
"""

from __future__ import annotations

from search_spaces.references.reference import Reference, Row

_ALL_LABELS = {
    "vgg16": 83.22,
    "vgg19": 82.82,
    "vgg13_bn": 80.40,
    "densenet161": 79.81,
    "alexnet": 78.56,
    "vgg19_bn": 77.34,
}
_LITES = ("tf_efficientnet_lite0", "tf_efficientnet_lite1", "tf_efficientnet_lite2")
# One epoch over all labels, from a head that knows nothing, as it was published.
_ONE_EPOCH = {
    "tune": "head", "input_size": 224, "train_size": 49_000, "epochs": 1, "lr": 1e-3,
    "head_start": "zeros",
}  # fmt: skip


# 750 labels at random and 250 by margin, in batches of 50, for a head that is trained on jittered,
# rotated, flipped and attacked images. How many steps A's own attack had is not known.
_ROBUST = {
    "tune": "head", "input_size": 224, "train_size": 1000, "subset": "margin:start=750,batch=50",
    "augment": "jitter_rotate_flip", "adversarial": "pgd", "adversarial_steps": 3, "epochs": 10,
}  # fmt: skip
# The same idea in minutes: one attack step a batch, labels at random.
_FAST = {
    "tune": "head", "input_size": 128, "train_size": 1000, "augment": "jitter_rotate_flip",
    "adversarial": "fast", "epochs": 3,
}  # fmt: skip
# Baseline and robust model are attacked alike. A's own attack took epsilon after normalising, did
# not clip, and followed nll_loss of logits; here epsilon is in pixels, images stay in [0, 1], the
# net is in eval mode, and the loss is cross-entropy of logits.
_UNDER_ATTACK: dict[str, object] = {"attack": "pgd:steps=10"}


def _few(size: int) -> dict[str, object]:
    """1,000 labels with this project's own recipe for heads."""
    return {"tune": "head", "input_size": size, "train_size": 1000}


def _thousand(size: int, bodies: tuple[str, ...], attacked: tuple[str, ...]) -> list[Row]:
    """Args: attacked: those whose robustness is measured, to hold robust models against."""

    def fields(name: str) -> dict[str, object]:
        return {**_few(size), **(_UNDER_ATTACK if name in attacked else {})}

    return [
        Row(_named("vgg16"), "vgg16", fields("vgg16"), train=100.0, test=72.67),
        *(Row(_named(name), name, fields(name), note="ours") for name in bodies),
    ]


def _named(backbone: str) -> str:
    return f"{backbone}, 1,000 labels"


def _robust(
    name: str, backbone: str, fields: dict[str, object], note: str = "", test: float | None = None
) -> Row:
    """A row of adversarial training, held against the clean one of the same body."""
    recipe = {**fields, **_UNDER_ATTACK}
    return Row(name, backbone, recipe, test=test, note=note, against=_named(backbone))


REFERENCE = Reference(
    name="A",
    title="frozen pretrained bodies with a linear head",
    question="Which frozen body is the best, and how far do 1,000 labels go?",
    rows={
        "small": [
            *_thousand(
                128, ("tf_efficientnet_lite0", "tf_efficientnet_lite2"), ("tf_efficientnet_lite0",)
            ),
            _robust(
                "tf_efficientnet_lite0, adversarial",
                "tf_efficientnet_lite0",
                _FAST,
                "ours",
            ),
        ],
        "full": [
            *(
                Row(f"{name}, all labels", name, _ONE_EPOCH, test=test)
                for name, test in _ALL_LABELS.items()
            ),
            *_thousand(224, _LITES, ("vgg16", "tf_efficientnet_lite2")),
            _robust("vgg16, 750 labels + 250 by margin, adversarial", "vgg16", _ROBUST, test=71.05),
            _robust("tf_efficientnet_lite2, the same", "tf_efficientnet_lite2", _ROBUST, "ours"),
        ],
    },
    defaults={"small": {"val_size": 1000, "robust_size": 128}, "full": {"val_size": 1000}},
    left_out={
        "small": (
            "the six bodies on all labels, margin sampling, and attacks of several steps in "
            "training; 128 px instead of 224"
        ),
        "full": "1,000 of the 50,000 labels are held out for validation",
    },
)
