"""What is said of a study's validation: sentences to be read by people, in a table."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.study.spec import DataSpec, ObjectiveSpec, SplitSpec, StudySpec
from orchestrator.views.validation_words import (
    attacked_said,
    draws_said,
    measured_on,
    validation_said,
)

SET_ASIDE = SplitSpec(train=100, val=1000, robust=200, labels_used=1100)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, "Validated on 1,000 images set aside; their labels come on top of the 100 trained "
         "on."),
        ({"val": 1}, "Validated on 1 image set aside; its label comes on top of the 100 trained "
         "on."),
        ({"val": 0}, "Not validated."),
        ({"validation": "kfold:5x4"}, "Validated by stratified 5-fold cross-validation, repeated 4 "
         "times, over the 100 training labels (kfold:5x4); no other label was used."),
        ({"validation": "kfold:5x1"}, "Validated by stratified 5-fold cross-validation over the "
         "100 training labels (kfold:5x1); no other label was used."),
    ],
)  # fmt: skip
def test_whose_labels_validation_took(changes, says):
    assert validation_said(SET_ASIDE.model_copy(update=changes)) == says


@pytest.mark.parametrize(
    ("validation", "says"),
    [("split", "1,000 images"), ("kfold:5x4", "20 folds over 100 images")],
)
def test_what_accuracy_was_measured_on(validation, says):
    assert measured_on(SET_ASIDE.model_copy(update={"validation": validation})) == says


def spec(robust: int, **base: str) -> StudySpec:
    return StudySpec(
        name="s", space="subset_size", space_version=2, space_question="?",
        objectives=(ObjectiveSpec(metric="val_acc"),), trials=2, seed=0,
        data=DataSpec(name="digits"), backbones=("net",), base_config=base,
        split=SET_ASIDE.model_copy(update={"robust": robust}),
        folder=Path("/nowhere"), tracking_uri="", experiment="", created=1.0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("robust", "base", "says"),
    [
        (200, {"attack": "pgd"}, " (200 of these attacked)"),
        (200, {}, " (200 of these attacked)"),
        (200, {"attack": "none"}, ""),
        (0, {"attack": "pgd"}, ""),
    ],
)
def test_images_are_said_to_be_attacked_only_where_there_is_an_attack(robust, base, says):
    assert attacked_said(spec(robust, **base)) == says


@pytest.mark.parametrize(
    ("used", "says"), [(1100, ""), (1326, " (of all draws and choices together)")]
)
def test_a_count_that_no_single_trial_comes_to_says_why(used, says):
    assert draws_said(SET_ASIDE.model_copy(update={"labels_used": used})) == says
