"""How trials were validated, and whose labels that took, in words; one wording for all places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.views.numbers import count
from trainables.folds.kind import KFold, parse_validation

if TYPE_CHECKING:
    from orchestrator.study.spec import SplitSpec


def validation_said(split: SplitSpec) -> str:
    """A sentence: on which images, and whether labels beyond the budget went into it."""
    kfold = parse_validation(split.validation)
    if kfold is not None:
        return (
            f"Validated by {folds_said(kfold)} over the {count(split.train)} training labels "
            f"({split.validation}); no label beyond them was used."
        )
    if not split.val:
        return "Not validated."
    labels = "label beyond the budget was" if split.val == 1 else "labels beyond the budget were"
    return f"Validated on images set aside: {count(split.val)} {labels} used for it."


def folds_said(kfold: KFold) -> str:
    """`5-fold cross-validation, repeated 4 times`."""
    times = "once" if kfold.repeats == 1 else f"repeated {count(kfold.repeats)} times"
    comma = "" if kfold.repeats == 1 else ","
    return f"stratified {count(kfold.folds)}-fold cross-validation{comma} {times}"


def images_said(split: SplitSpec) -> str:
    """`1,000 training, 500 validation`; under folds the training images are both."""
    training = f"{count(split.train)} training"
    if parse_validation(split.validation) is None:
        return f"{training}, {count(split.val)} validation"
    return f"{training} (validation by {split.validation})"


def attacked_said(split: SplitSpec) -> str:
    """` (256 of these attacked)`; nothing where there are no images to attack."""
    return f" ({count(split.robust)} of these attacked)" if split.robust else ""


def measured_on(split: SplitSpec) -> str:
    """What `val_acc` was measured on: `1,000 images`, `20 folds of 100 images`."""
    kfold = parse_validation(split.validation)
    if kfold is None:
        return f"{count(split.val)} images"
    return f"{count(kfold.trainings)} folds of {count(split.train)} images"


def interval_said(split: SplitSpec) -> str:
    """Whose intervals `val_acc` has: Wilson's, or those of folds that overlap."""
    return "Wilson" if parse_validation(split.validation) is None else "folds: Nadeau and Bengio"
