"""How many labels are enough: the curves, what they say, and what that rests on."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.label_curves import LabelCurve, label_sentences, read_label_curves
from orchestrator.label_curves.table import mean_cells, sizes_of
from orchestrator.label_curves.words import law_said
from orchestrator.reporting.blocks import Block, Items, Section, Table, aside, cells
from orchestrator.reporting.material import Material
from orchestrator.reporting.study_picture import study_figure
from orchestrator.views.numbers import count, percent

_BASIS = (
    "Laws are error = a + b n^-c, fitted to the means of the splits by weighted squares (Hestness "
    "et al. 2017). Intervals come from resampling whole splits, which all curves share; they are "
    "stretched as Student's t asks for so few. A law is checked on the largest sizes, fitted "
    "without them, and trusted as many times beyond what was measured as it was checked for."
)


def label_curves_section(material: Material) -> Section:
    """Left out where the study is not about the number of labels."""
    from orchestrator.pictures.label_curves import draw_label_curves

    curves = read_label_curves(material.trials, material.spec)
    if not curves:
        return Section("label_curves", "")
    said = Items(tuple((sentence,) for sentence in label_sentences(curves)))
    caption = "Each small mark is a trial; a line is a law, dashed where it is extrapolated."
    figure = study_figure(draw_label_curves, material, caption, _alt(curves))
    blocks: tuple[Block, ...] = (said, *figure, _table(curves), aside(_BASIS))
    return Section("label_curves", "How many labels are enough", blocks)


def _table(curves: Sequence[LabelCurve]) -> Table:
    rows = [
        cells(count(size), *(mean_cells(curve, size) for curve in curves))
        for size in sizes_of(curves)
    ]
    rows.append(cells("law", *(law_said(curve) for curve in curves)))
    columns = ("labels", *(curve.name for curve in curves))
    caption = "Validation accuracy in per cent: mean (standard deviation) of the splits"
    return Table(caption, columns, tuple(rows))


def _alt(curves: Sequence[LabelCurve]) -> str:
    parts = []
    for curve in curves:
        low, high = (percent(float(curve.means_S[place])) for place in (0, -1))
        few, many = count(int(curve.sizes_S[0])), count(curve.most)
        parts.append(f"{curve.name} from {low} % with {few} labels to {high} % with {many}")
    return f"Accuracy over the number of labels: {'; '.join(parts)}."
