"""The front: models clean and attacked, who is drawn, from which files, and when not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from made_studies import facts, made_spec

from orchestrator.pictures.front_images import draw_front_images, front_models
from orchestrator.pictures.view import StudyView
from orchestrator.study.facts import TrialFacts
from orchestrator.study.spec import DataSpec, ObjectiveSpec
from trainables.record_arrays import examples_to
from trainables.reports import Examples

BOTH = (ObjectiveSpec(metric="val_acc"), ObjectiveSpec(metric="robust_score"))
DATA = DataSpec(name="digits", classes=("cat", "dog"))


def _trial(folder: Path, number: int, acc: float, robust: float, images: int = 2) -> TrialFacts:
    place = folder / str(number)
    place.mkdir()
    if images:
        clean = np.full((images, 8, 8, 3), number, np.uint8)
        none = np.zeros(images, np.int64)
        chance = np.full(images, 0.5, np.float32)
        examples = Examples(
            8.0, clean, clean.astype(np.float32) / 255, none, none, none, chance, chance
        )
        examples_to(place / "examples.npz", examples)
    metrics = {"val_acc": acc, "robust_score": robust}
    return facts(number, folder=str(place), values=(acc, robust), metrics=metrics)


def _view(trials: list[TrialFacts], **changes: Any) -> StudyView:
    return StudyView(made_spec(objectives=BOTH, data=DATA, **changes), tuple(trials), {})


def test_the_front_is_drawn_best_accuracy_first(tmp_path: Path) -> None:
    trials = [
        _trial(tmp_path, 0, 0.5, 0.4),
        _trial(tmp_path, 1, 0.9, 0.1),
        _trial(tmp_path, 2, 0.4, 0.1),  # beaten by both
        _trial(tmp_path, 3, 0.7, 0.2, images=0),  # on the front; its images are not here
    ]
    models = front_models(_view(trials))
    assert [model.label for model in models] == ["trial 1: trial 1", "trial 0: trial 0"]
    assert models[0].figures == "val_acc 90.0, robust_score 10.0"
    picture = draw_front_images(_view(trials))
    assert picture is not None and picture.name == "front_images"
    assert picture.png.startswith(b"\x89PNG")


def test_of_many_both_ends_stay(tmp_path: Path) -> None:
    trials = [_trial(tmp_path, n, 0.9 - 0.05 * n, 0.1 + 0.05 * n) for n in range(11)]
    numbers = [model.label for model in front_models(_view(trials))]
    assert numbers == [f"trial {n}: trial {n}" for n in (0, 2, 4, 6, 8, 10)]


def test_it_is_left_out_where_it_would_show_nothing(tmp_path: Path) -> None:
    trials = [_trial(tmp_path, 0, 0.5, 0.4, images=0)]
    assert draw_front_images(_view(trials)) is None
    trials = [_trial(tmp_path, 1, 0.5, 0.4)]
    assert draw_front_images(_view(trials)) is not None
    seconds = (ObjectiveSpec(metric="val_acc"), ObjectiveSpec(metric="train_seconds"))
    view = StudyView(made_spec(objectives=seconds, data=DATA), tuple(trials), {})
    assert draw_front_images(view) is None
    (tmp_path / "1" / "examples.npz").write_bytes(b"no archive")
    assert draw_front_images(_view(trials)) is None
