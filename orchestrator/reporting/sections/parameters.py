"""Which parameters mattered, and where the good trials lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.reporting.blocks import Block, Section, Table, aside, cells, paragraph
from orchestrator.reporting.material import Material
from orchestrator.reporting.study_picture import study_figure
from orchestrator.views.numbers import count, percent

if TYPE_CHECKING:
    from orchestrator.pictures.fanova import Importances

_TITLE = "Which parameters mattered"
_MOST = 12


def parameters_section(material: Material) -> Section:
    """Left out for repeats, which vary nothing but luck."""
    from orchestrator.pictures.fanova import LEAST
    from orchestrator.pictures.importances import draw_importances
    from orchestrator.pictures.parallel import draw_parallel

    view = material.view
    if view is None or material.spec.comparison is not None or not view.scored:
        return Section("parameters", _TITLE)
    if len(view.varied) < 2:
        few = "Only one" if view.varied else "No"
        why = f"{few} parameter was varied, so there is nothing to weigh."
        return Section("parameters", _TITLE, (paragraph(why), *_slices(material)))
    found = view.importances
    blocks: list[Block] = []
    if found is None:
        words = f"Importances need {LEAST} finished trials whose values differ; "
        words += f"{count(len(view.scored))} have finished."
        blocks.append(paragraph(words))
    else:
        blocks += [_table(found), aside(f"{found.words}.")]
        alt = f"Bars: {_leading(found)}."
        caption = "The share of the objective's variance that each parameter explains by itself."
        blocks += study_figure(draw_importances, material, caption, alt)
    caption = "Every finished trial as a line over its objective and parameters."
    blocks += study_figure(draw_parallel, material, caption, caption)
    return Section("parameters", _TITLE, (*blocks, *_slices(material)))


def _slices(material: Material) -> tuple[Block, ...]:
    from orchestrator.pictures.slices import draw_slices

    caption = "Each objective over each parameter, a point a trial."
    return study_figure(draw_slices, material, caption, caption)


def _table(found: Importances) -> Table:
    rows = []
    for name in found.names[:_MOST]:
        shares = [held[name] for held in found.shares.values()]
        rows.append(
            cells(
                name,
                *(f"{percent(s.mean)} ({percent(s.low)}-{percent(s.high)})" for s in shares),
            )
        )
    caption = "Share explained by each parameter, in per cent (the middle 80 % of the trees)"
    return Table(caption, ("parameter", *found.shares), tuple(rows), frozenset({0}))


def _leading(found: Importances) -> str:
    metric, held = next(iter(found.shares.items()))
    first = [f"{name} {percent(held[name].mean)} %" for name in found.names[:3]]
    return f"{', '.join(first)} of {metric}"
