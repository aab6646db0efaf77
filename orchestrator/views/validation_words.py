"""How trials were validated, and whose labels that took, in words; one wording for all places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.views.numbers import count
from trainables.attacks import NO_ATTACK
from trainables.folds.kind import KFold, parse_validation

if TYPE_CHECKING:
    from orchestrator.study.spec import SplitSpec, StudySpec


def validation_said(split: SplitSpec) -> str:
    """A sentence: on which images, and whether labels beyond the budget went into it."""
    kfold = parse_validation(split.validation)
    if kfold is not None:
        comma = "," if kfold.repeats > 1 else ""
        return (
            f"Validated by {folds_said(kfold)}{comma} over the {count(split.train)} training "
            f"labels ({split.validation}); no other label was used."
        )
    if not split.val:
        return "Not validated."
    images, labels = "images", "their labels come"
    if split.val == 1:
        images, labels = "image", "its label comes"
    return (
        f"Validated on {count(split.val)} {images} set aside; {labels} on top of the "
        f"{count(split.train)} trained on."
    )


def folds_said(kfold: KFold) -> str:
    """`stratified 5-fold cross-validation, repeated 4 times`."""
    times = "" if kfold.repeats == 1 else f", repeated {count(kfold.repeats)} times"
    return f"stratified {count(kfold.folds)}-fold cross-validation{times}"


def images_said(split: SplitSpec) -> str:
    """`1,000 training, 500 validation`; under folds the training images are both."""
    training = f"{count(split.train)} training"
    if parse_validation(split.validation) is None:
        return f"{training}, {count(split.val)} validation"
    return f"{training} (validation by {split.validation})"


def is_attacked(spec: StudySpec) -> bool:
    """Whether trials attack any of the images that are set aside."""
    return bool(spec.split.robust) and spec.base_config.get("attack") != NO_ATTACK


def attacked_said(spec: StudySpec) -> str:
    """` (256 of these attacked)`; nothing where none is attacked."""
    return f" ({count(spec.split.robust)} of these attacked)" if is_attacked(spec) else ""


def draws_said(split: SplitSpec) -> str:
    """What follows a count of all labels, where no single trial uses so many."""
    several = split.labels_used > split.train + split.val
    return " (of all draws and choices together)" if several else ""


def measured_on(split: SplitSpec) -> str:
    """What `val_acc` was measured on: `1,000 images`, `20 folds over 100 images`."""
    kfold = parse_validation(split.validation)
    if kfold is None:
        return f"{count(split.val)} images"
    return f"{count(kfold.trainings)} folds over {count(split.train)} images"


def interval_said(split: SplitSpec) -> str:
    """Whose intervals `val_acc` has: Wilson's, or those of folds that overlap."""
    return "Wilson" if parse_validation(split.validation) is None else "folds: Nadeau and Bengio"
