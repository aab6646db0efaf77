"""Could stopping early be trusted? The fidelity report."""

from __future__ import annotations

from orchestrator.reporting.blocks import Block, Items, Section, Strong, paragraph
from orchestrator.reporting.material import Material
from orchestrator.reporting.study_picture import study_figure
from orchestrator.views.fidelity_text import fidelity_lines


def early_stopping_section(material: Material) -> Section:
    """Left out without a pruner."""
    from orchestrator.pictures.fidelity import draw_fidelity
    from orchestrator.study.fidelity import fidelity_report

    report = fidelity_report(material.trials, material.spec)
    if report is None:
        return Section("fidelity", "")
    verdict, *others = fidelity_lines(report)
    listed = Items(tuple((line.strip(),) for line in others))
    caption = "Ranks of the exempt trials when trials were stopped, against their final ranks."
    picture = study_figure(draw_fidelity, material, caption, f"{caption} {report.verdict}")
    blocks: tuple[Block, ...] = (paragraph(Strong(verdict)), listed, *picture)
    return Section("fidelity", "Could stopping early be trusted?", blocks)
