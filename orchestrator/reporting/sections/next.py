"""What to try next: what the rules make of the figures."""

from __future__ import annotations

from orchestrator.reporting.blocks import Block, Listing, Section, Strong, paragraph
from orchestrator.reporting.material import Material
from orchestrator.reporting.next_steps import next_steps


def next_section(material: Material) -> Section:
    """Each suggestion with its reason, and the command where there is one."""
    blocks: list[Block] = []
    for step in next_steps(material):
        blocks.append(paragraph(Strong(f"{step.what}."), f" {step.why}."))
        if step.command:
            blocks.append(Listing(step.command, "sh"))
    if not blocks:
        blocks.append(paragraph("The figures suggest nothing in particular."))
    return Section("next", "What to try next", tuple(blocks))
