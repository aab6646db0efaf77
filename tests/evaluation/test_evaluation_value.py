"""`Evaluation` against a list of predictions worked out by hand, and against scikit-learn."""

from __future__ import annotations

import csv
import io
import json
import math
import warnings
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import balanced_accuracy_score, precision_recall_fscore_support

from search_spaces.errors import TrialFailed, UsageError
from trainables.evaluation import (
    Evaluation,
    calibration_bins,
    calibration_error,
    confusion_csv,
    evaluate_split,
    softmax,
)

SCHEMA = Path(__file__).parents[2] / "docs" / "evaluation.schema.json"
CLASSES = ("cat", "dog", "owl")
CAT, DOG, OWL = range(3)

# (true class, probability of cat, of dog, of owl)
BY_HAND = [
    (CAT, 0.90, 0.05, 0.05),
    (CAT, 0.62, 0.28, 0.10),
    (CAT, 0.19, 0.71, 0.10),
    (CAT, 0.08, 0.82, 0.10),
    (DOG, 0.10, 0.82, 0.08),
    (DOG, 0.05, 0.90, 0.05),
    (DOG, 0.62, 0.20, 0.18),
    (OWL, 0.10, 0.08, 0.82),
    (OWL, 0.05, 0.90, 0.05),
    (OWL, 0.30, 0.29, 0.41),
]


def by_hand(**more: Any) -> Evaluation:
    """The evaluation of the list, of images 100 to 109."""
    labels_N = np.array([row[0] for row in BY_HAND])
    logits_NK = np.log(np.array([row[1:] for row in BY_HAND]))
    return evaluate_split(
        logits_NK, labels_N, CLASSES, split="val", indices_N=np.arange(100, 110), **more
    )


def test_the_list_gives_the_counts_and_pairs_worked_out_by_hand() -> None:
    found = by_hand()
    assert found.confusion == ((2, 2, 0), (1, 2, 0), (0, 1, 2))
    assert found.count == 10 and found.accuracy == 0.6
    # Wilson, 6 of 10: (0.6 + 0.19207 -+ 1.96 * sqrt(0.024 + 0.0096)) / 1.38415
    assert (found.accuracy_low, found.accuracy_high) == pytest.approx((0.3127, 0.8318), abs=5e-5)
    pairs = [(each.label, each.predicted, each.count, each.share) for each in found.most_confused]
    assert pairs == [("cat", "dog", 2, 0.5), ("dog", "cat", 1, 1 / 3), ("owl", "dog", 1, 1 / 3)]


@pytest.mark.parametrize(
    ("name", "support", "predicted", "precision", "recall", "f1"),
    [
        ("cat", 4, 3, 2 / 3, 2 / 4, 4 / 7),
        ("dog", 3, 5, 2 / 5, 2 / 3, 4 / 8),
        ("owl", 3, 2, 2 / 2, 2 / 3, 4 / 5),
    ],
)
def test_precision_recall_and_f1_by_hand(
    name: str, support: int, predicted: int, precision: float, recall: float, f1: float
) -> None:
    (row,) = [each for each in by_hand().per_class if each.name == name]
    assert (row.support, row.predicted) == (support, predicted)
    assert (row.precision, row.recall, row.f1) == pytest.approx((precision, recall, f1))
    assert by_hand().balanced_accuracy == pytest.approx((1 / 2 + 2 / 3 + 2 / 3) / 3)


def test_calibration_error_by_hand() -> None:
    """Confidences 0.9 (2 of 3 right), 0.82 (2 of 3), 0.71 (0 of 1), 0.62 (1 of 2), 0.41 (1 of 1).

    Gaps times counts: 0.70 + 0.46 + 0.71 + 0.24 + 0.59 = 2.70, of 10 examples.
    """
    found = by_hand()
    assert found.ece == pytest.approx(0.27)
    kept = [
        (each.count, each.accuracy, each.confidence) for each in found.calibration if each.count
    ]
    expected = [(1, 1, 0.41), (2, 1 / 2, 0.62), (1, 0, 0.71), (3, 2 / 3, 0.82), (3, 2 / 3, 0.9)]
    for got, wanted in zip(kept, expected, strict=True):
        assert got == pytest.approx(wanted)
    assert len(found.calibration) == 15
    assert all(each.low < (each.confidence or each.high) <= each.high for each in found.calibration)


def test_bins_are_closed_above() -> None:
    logits_NK = np.zeros((1, 2))  # a confidence of exactly 1/2
    lower, upper = calibration_bins(logits_NK, np.array([0]), bins=2)
    assert (lower.count, upper.count) == (1, 0)
    assert calibration_error((lower, upper)) == 0.5


def test_the_worst_mistakes_come_first() -> None:
    found = [(m.index, m.label, m.predicted, m.loss, m.confidence) for m in by_hand().mistakes]
    expected = [
        (108, "owl", "dog", -math.log(0.05), 0.90),
        (103, "cat", "dog", -math.log(0.08), 0.82),
        (102, "cat", "dog", -math.log(0.19), 0.71),
        (106, "dog", "cat", -math.log(0.20), 0.62),
    ]
    assert [row[:3] for row in found] == [row[:3] for row in expected]
    np.testing.assert_allclose([row[3:] for row in found], [row[3:] for row in expected])


@pytest.mark.parametrize("seed", range(4))
def test_scikit_learn_agrees(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count, classes = 300, 3 + seed
    labels_N = rng.integers(0, classes - (seed % 2), count)  # of odd seeds a class is absent
    logits_NK = rng.normal(size=(count, classes)) + 1.5 * np.eye(classes)[labels_N]
    found = evaluate_split(logits_NK, labels_N, [f"c{k}" for k in range(classes)], split="test")
    predicted_N = logits_NK.argmax(axis=1)
    expected = precision_recall_fscore_support(
        labels_N, predicted_N, labels=range(classes), zero_division=np.nan
    )
    for place, name in enumerate(("precision", "recall", "f1", "support")):
        ours = [getattr(row, name) for row in found.per_class]
        np.testing.assert_allclose(np.array(ours, dtype=float), expected[place])
    assert found.balanced_accuracy == pytest.approx(_balanced(labels_N, predicted_N))
    right_N, confidence_N = predicted_N == labels_N, softmax(logits_NK).max(axis=1)
    accuracy_B, confidence_B = calibration_curve(right_N, confidence_N, n_bins=15)
    counts_B = [each.count for each in found.calibration if each.count]
    gap = np.average(np.abs(accuracy_B - confidence_B), weights=counts_B)
    assert found.ece == pytest.approx(float(gap))


def _balanced(labels_N: np.ndarray, predicted_N: np.ndarray) -> float:
    with warnings.catch_warnings():  # of classes that were predicted and are not there
        warnings.simplefilter("ignore", UserWarning)
        return float(balanced_accuracy_score(labels_N, predicted_N))


def test_no_examples_have_no_figures() -> None:
    found = evaluate_split(np.empty((0, 3)), np.empty(0, dtype=int), CLASSES, split="val")
    figures = (found.accuracy, found.accuracy_low, found.balanced_accuracy, found.loss, found.ece)
    assert found.count == 0 and set(figures) == {None}
    assert found.most_confused == () and found.mistakes == ()
    assert found.confusion == ((0, 0, 0),) * 3


def test_a_class_that_is_not_there_has_no_recall_and_does_not_count() -> None:
    logits_NK = np.array([[2.0, 0.0, 0.0], [0.0, 0.0, 2.0]])
    found = evaluate_split(logits_NK, np.array([0, 0]), CLASSES, split="val")
    cat, dog, owl = found.per_class
    assert (cat.recall, cat.precision) == (0.5, 1.0)
    assert (dog.precision, dog.recall, dog.f1) == (None, None, None)
    assert (owl.precision, owl.recall, owl.f1) == (0.0, None, 0.0)
    assert found.balanced_accuracy == 0.5


def test_one_class_is_always_right() -> None:
    found = evaluate_split(np.zeros((3, 1)), np.zeros(3, dtype=int), ["only"], split="val")
    assert (found.accuracy, found.loss, found.ece, found.balanced_accuracy) == (1.0, 0.0, 0.0, 1.0)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_logits_that_are_not_finite_are_refused_in_words(bad: float) -> None:
    logits_NK = np.zeros((4, 3))
    logits_NK[2, 1] = bad
    with pytest.raises(TrialFailed, match=r"1 of 4 examples .* example 2"):
        evaluate_split(logits_NK, np.zeros(4, dtype=int), CLASSES, split="val")


@pytest.mark.parametrize(
    ("shape", "labels", "says"),
    [
        ((2, 4), [0, 1], r"shape \(2, 3\)"),
        ((3, 3), [0, 1], r"shape \(2, 3\)"),
        ((2, 3), [0, 3], "from 0 to 2"),
        ((2, 3), [-1, 0], "from 0 to 2"),
    ],
)
def test_shapes_and_labels_that_do_not_fit_are_refused(
    shape: tuple[int, int], labels: list[int], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        evaluate_split(np.zeros(shape), np.array(labels), CLASSES, split="val")


def test_the_schema_in_the_documents_is_the_real_one() -> None:
    kept = json.loads(SCHEMA.read_text())
    assert kept == Evaluation.json_schema(), (
        "docs/evaluation.schema.json is old: write json.dumps(Evaluation.json_schema(), indent=1)"
    )


def test_json_holds_to_the_schema_and_comes_back() -> None:
    empty = evaluate_split(np.empty((0, 3)), np.empty(0, dtype=int), CLASSES, split="val")
    for found in (by_hand(provenance={"data": "animals", "time": 1.5, "run_id": None}), empty):
        text = json.dumps(found.to_json(), allow_nan=False)
        jsonschema.validate(json.loads(text), json.loads(SCHEMA.read_text()))
        assert Evaluation.model_validate_json(text) == found
    with pytest.raises(jsonschema.ValidationError):
        wrong = {**by_hand().to_json(), "schema_version": 2}
        jsonschema.validate(wrong, json.loads(SCHEMA.read_text()))


def test_the_csv_names_classes_that_need_quotes() -> None:
    text = confusion_csv(((1, 2), (3, 4)), ('a, "b"', "c"))
    rows = list(csv.reader(io.StringIO(text)))
    assert rows == [["true \\ predicted", 'a, "b"', "c"], ['a, "b"', "1", "2"], ["c", "3", "4"]]
