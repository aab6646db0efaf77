"""The exported classifier says of pixels what the trial said of features."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from trial_parts import SMALL

from search_spaces.errors import UsageError
from trainables.classifier import build_classifier, load_classifier
from trainables.data import load
from trainables.record import write_report
from trainables.reports import Predictions, Report, TrialReport

Small = tuple[list[Report], TrialReport]


def _val(report: TrialReport) -> Predictions:
    return next(part for part in report.predictions if part.split == "val")


def _logits(model: torch.nn.Module, images_NHWC: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        images = torch.from_numpy(np.array(images_NHWC)).permute(0, 3, 1, 2)
        return model(images).numpy()


def test_pixels_give_the_logits_of_the_cached_features(small: Small) -> None:
    val = _val(small[1])
    model = build_classifier(SMALL, small[1].weights)
    logits_NK = _logits(model, load("digits").images_NHWC[val.indices_N])
    # BatchNorm is folded for the cache and not here: features differ by 1e-5 of their size.
    assert np.abs(logits_NK - val.logits_NK).max() < 1e-2 * np.abs(val.logits_NK).max()
    assert (logits_NK.argmax(1) == val.predicted_N).mean() >= 0.99
    assert not model.training


def test_a_trials_folder_is_enough(small: Small, tmp_path: Path) -> None:
    write_report(small[1], SMALL, tmp_path)
    model, classes = load_classifier(tmp_path)
    assert classes == small[1].classes
    images = load("digits").images_NHWC[:5]
    expected = _logits(build_classifier(SMALL, small[1].weights), images)
    assert np.array_equal(_logits(model, images), expected)


def test_the_head_of_another_body_is_refused() -> None:
    narrow = {"weight": np.zeros((10, 7), np.float32), "bias": np.zeros(10, np.float32)}
    with pytest.raises(UsageError, match="takes 1280 features"):
        build_classifier(SMALL, narrow)
