"""The files of an evaluation: its numbers, the confusion as CSV, and the pictures."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from search_spaces.errors import UnavailableError
from trainables.atomic import write_file, write_json
from trainables.evaluating import SplitImages
from trainables.evaluation import Evaluation, confusion_csv
from trainables.record import TrialRecord

PLACE = "evaluation"
"""Where they lie in a trial's folder, and among its run's artifacts."""
WORDS = {"train": "training", "val": "validation", "test": "test"}


def write_evaluation(folder: Path, evaluation: Evaluation) -> tuple[Path, ...]:
    """Write `evaluation-SPLIT.json` and `confusion-SPLIT.csv`, each whole or not at all.

    Raises:
        UnavailableError: the folder cannot be written.
    """
    split = evaluation.split
    table = confusion_csv(evaluation.confusion, evaluation.classes)
    numbers, confusion = folder / f"evaluation-{split}.json", folder / f"confusion-{split}.csv"
    with writing_to(folder):
        folder.mkdir(parents=True, exist_ok=True)
        write_json(numbers, evaluation.to_json())
        write_file(confusion, lambda beside: beside.write_text(table, encoding="utf-8"))
    return numbers, confusion


def write_pictures(
    folder: Path,
    evaluation: Evaluation,
    images: SplitImages,
    record: TrialRecord | None,
    *,
    title: str,
) -> tuple[Path, ...]:
    """Draw `confusion-SPLIT.png`, `reliability-SPLIT.png`, `mistakes-SPLIT.png`, `curves.png`.

    Args:
        images: the split.
        record: of the trial, for the curves; None of a bare model.
        title: of the pictures.

    Raises:
        UnavailableError: the folder cannot be written.
    """
    paths = []
    with writing_to(folder):
        for name, draw in _pictures(evaluation, images, record, title).items():
            paths.append(folder / f"{name}.png")
            _write_picture(paths[-1], draw())
    return tuple(paths)


@contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Turns what the file system says into words.

    Raises:
        UnavailableError: the folder cannot be written.
    """
    try:
        yield
    except OSError as error:
        tried = [("writing", str(error))]
        hint = "Name another folder with --out."
        raise UnavailableError(f"The folder {folder}", tried, hint=hint) from None


def _pictures(
    evaluation: Evaluation, images: SplitImages, record: TrialRecord | None, title: str
) -> dict[str, Callable[[], bytes]]:
    """What draws each picture, by the name of its file."""
    from trainables.pictures.confusion import draw_confusion_alone
    from trainables.pictures.mistakes import draw_mistakes
    from trainables.pictures.reliability import draw_reliability
    from trainables.pictures.style import png
    from trainables.pictures.training import draw_training

    split, said = evaluation.split, in_a_line(evaluation)
    wrong = [mistake.index for mistake in evaluation.mistakes]
    ece = "" if evaluation.ece is None else f", calibration error {100 * evaluation.ece:.1f} %"
    pictures: dict[str, Callable[[], bytes]] = {
        f"confusion-{split}": lambda: png(
            draw_confusion_alone(
                np.array(evaluation.confusion), evaluation.classes, title=title, figures=said
            )
        ),
        f"reliability-{split}": lambda: png(
            draw_reliability(evaluation.calibration, title=title, figures=said + ece)
        ),
        f"mistakes-{split}": lambda: png(
            draw_mistakes(
                evaluation.mistakes,
                images.shown(wrong),
                title=f"{title}: mistakes of highest loss",
                figures=said,
            )
        ),
    }
    if record is not None and record.history:
        report = record.report
        lr_T = report.steps.get("lr", np.empty(0))
        pictures["curves"] = lambda: png(
            draw_training(report.history, lr_T, counts=record.counts, title=title)
        )
    return pictures


def in_a_line(evaluation: Evaluation) -> str:
    """`test split, 10,000 images: accuracy 93.1 % (92.6-93.5)`."""
    words = f"{WORDS.get(evaluation.split, evaluation.split)} split, {evaluation.count:,} images"
    if None in (bounds := (evaluation.accuracy_low, evaluation.accuracy_high)):
        return words
    low, high = (100 * (bound or 0.0) for bound in bounds)
    return f"{words}: accuracy {100 * (evaluation.accuracy or 0.0):.1f} % ({low:.1f}-{high:.1f})"


def _write_picture(path: Path, held: bytes) -> None:
    write_file(path, lambda beside: beside.write_bytes(held))


def evaluated_alarms(folder: Path | None) -> list[Mapping[str, Any]]:
    """Alarms of all evaluations in a trial's folder, each name once."""
    found: dict[str, Mapping[str, Any]] = {}
    for path in sorted((folder / PLACE).rglob("masking-*.json")) if folder is not None else []:
        try:
            held = json.loads(path.read_text(encoding="utf-8"))["alarms"]
            named = {str(alarm["name"]): alarm for alarm in held}
        except (OSError, ValueError, KeyError, TypeError):  # damaged, as any file may be
            continue
        for name, alarm in named.items():
            found.setdefault(name, alarm)
    return list(found.values())
