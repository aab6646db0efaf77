"""What the best trial takes for what."""

from __future__ import annotations

from orchestrator.reporting.blocks import Figure, Section, Table, cells, paragraph
from orchestrator.reporting.material import Material
from orchestrator.views.numbers import count, percent

_TITLE = "What the best confuses"
_PAIRS = 10


def confusion_section(material: Material) -> Section:
    """Left out for a trainable of one's own."""
    from orchestrator.tracking.files import read_confusion
    from trainables.evaluation import most_confused
    from trainables.pictures.confusion import draw_confusion_alone
    from trainables.pictures.style import png

    if not material.spec.has_images or not material.close:
        return Section("confusion", _TITLE)
    best = material.close[0]
    report = material.files[best.number].report
    counts_KK = read_confusion(report, "val")
    if counts_KK is None:
        why = f"The files of trial {best.number} hold no predictions, or are not on this machine."
        return Section("confusion", _TITLE, (paragraph(why),))
    classes = tuple(report.get("classes") or material.spec.data.classes)
    right, total = int(counts_KK.trace()), int(counts_KK.sum())
    figures = f"{count(right)} of {count(total)} validation images are told right"
    title = f"Trial {best.number}: {best.label}"
    drawn = png(draw_confusion_alone(counts_KK, classes, title=title, figures=figures))
    pairs = most_confused(counts_KK, classes, limit=_PAIRS)
    rows = [cells(p.label, p.predicted, count(p.count), percent(p.share)) for p in pairs]
    caption = f"Most frequent mistakes of trial {best.number} on the validation images"
    columns = ("true", "taken for", "images", "% of the class")
    table = Table(caption, columns, tuple(rows), frozenset({0, 1}))
    worst = f"; most often {pairs[0].label} is taken for {pairs[0].predicted}" if pairs else ""
    alt = f"Confusion matrix: {figures}{worst}."
    said = "Rows are true classes, columns what they were taken for."
    picture = Figure("confusion", said, alt, drawn)
    return Section("confusion", _TITLE, (picture, *([table] if rows else [])))
