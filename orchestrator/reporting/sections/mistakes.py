"""The mistakes of highest loss of the best trial, image by image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orchestrator.reporting.blocks import Block, Figure, Section, Table, cells, paragraph
from orchestrator.reporting.material import Material
from orchestrator.reporting.stored_images import stored_images
from orchestrator.results import TrialResult
from orchestrator.views.numbers import count, percent, plain

if TYPE_CHECKING:
    from trainables.evaluation import Mistake
    from trainables.reports import Predictions

_TITLE = "Its worst mistakes"
_MOST = 12


def mistakes_section(material: Material) -> Section:
    """Left out for a trainable of one's own; a table alone where the images are not here."""
    if not material.spec.has_images or not material.close:
        return Section("mistakes", _TITLE)
    best = material.close[0]
    held = _predictions(material, best)
    if held is None:
        why = f"The predictions of trial {best.number} are not on this machine."
        return Section("mistakes", _TITLE, (paragraph(why),))
    found = _mistakes(material, best, held)
    if not found:
        why = f"Trial {best.number} makes no mistake on the validation images."
        return Section("mistakes", _TITLE, (paragraph(why),))
    blocks: tuple[Block, ...] = (*_picture(material, best, found), _table(best, found))
    return Section("mistakes", _TITLE, blocks)


def _predictions(material: Material, trial: TrialResult) -> Predictions | None:
    """Of the validation images; None where the file is away or damaged."""
    from trainables.record_arrays import predictions_from

    folder = material.files[trial.number].folder
    if folder is None:
        return None
    try:
        parts = predictions_from(folder / "predictions.parquet")
    except (OSError, ValueError, KeyError):  # pyarrow's own errors are ValueErrors
        return None
    return next((part for part in parts if part.split == "val"), None)


def _mistakes(material: Material, trial: TrialResult, held: Predictions) -> tuple[Mistake, ...]:
    from trainables.evaluation import worst_mistakes

    report = material.files[trial.number].report
    classes = tuple(report.get("classes") or material.spec.data.classes)
    if held.logits_NK.shape[1] != len(classes):
        return ()
    return worst_mistakes(held.logits_NK, held.labels_N, held.indices_N, classes, limit=_MOST)


def _picture(material: Material, trial: TrialResult, found: Sequence[Mistake]) -> tuple[Block, ...]:
    from trainables.pictures.mistakes import draw_mistakes
    from trainables.pictures.style import png

    data = stored_images(material.spec.data.digest)
    if data is None:
        where = f"The images of {material.spec.data.name} are not stored on this machine."
        return (paragraph(where),)
    images_NHWC = data.images_NHWC[[mistake.index for mistake in found]]
    title = f"Trial {trial.number}: mistakes of highest loss"
    drawn = png(draw_mistakes(found, images_NHWC, title=title))
    first = found[0]
    alt = (
        f"{len(found)} validation images; the worst is a {first.label} that was taken for "
        f"{first.predicted}, with {percent(first.confidence)} % confidence."
    )
    caption = "Validation images, highest loss first: are they hard, or labelled wrongly?"
    return (Figure("mistakes", caption, alt, drawn),)


def _table(trial: TrialResult, found: Sequence[Mistake]) -> Table:
    rows = [
        cells(count(m.index), m.label, m.predicted, percent(m.confidence), plain(m.loss))
        for m in found
    ]
    caption = f"Worst mistakes of trial {trial.number}; the image's place among the training images"
    columns = ("image", "true", "said", "confidence, %", "loss")
    return Table(caption, columns, tuple(rows), frozenset({1, 2}))
