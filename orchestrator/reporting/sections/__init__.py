"""The parts of a report, one file each: a function from the material to a `Section`.

A section without blocks has nothing to do with this study, and is left out. One that could have
something to show and has not says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from orchestrator.reporting.blocks import Section
from orchestrator.reporting.material import Material
from orchestrator.reporting.sections.attack import attack_section
from orchestrator.reporting.sections.confusion import confusion_section
from orchestrator.reporting.sections.corruptions import corruptions_section
from orchestrator.reporting.sections.cost import cost_section
from orchestrator.reporting.sections.early_stopping import early_stopping_section
from orchestrator.reporting.sections.front import front_section
from orchestrator.reporting.sections.label_curves import label_curves_section
from orchestrator.reporting.sections.ladder import ladder_section
from orchestrator.reporting.sections.learning import learning_section
from orchestrator.reporting.sections.mistakes import mistakes_section
from orchestrator.reporting.sections.next import next_section
from orchestrator.reporting.sections.on_test import on_test_section
from orchestrator.reporting.sections.parameters import parameters_section
from orchestrator.reporting.sections.progress import progress_section
from orchestrator.reporting.sections.ranking import ranking_section
from orchestrator.reporting.sections.repeats import repeats_section
from orchestrator.reporting.sections.reproducing import reproducing_section
from orchestrator.reporting.sections.setting import setting_section

SectionMaker = Callable[[Material], Section]

SECTIONS: tuple[SectionMaker, ...] = (
    setting_section,
    label_curves_section,
    ranking_section,
    repeats_section,
    front_section,
    on_test_section,
    progress_section,
    learning_section,
    parameters_section,
    attack_section,
    ladder_section,
    corruptions_section,
    confusion_section,
    mistakes_section,
    cost_section,
    early_stopping_section,
    next_section,
    reproducing_section,
)
"""In the order of the page."""


def make_sections(material: Material) -> Iterator[Section]:
    """Those that have something to say."""
    for make in SECTIONS:
        section = make(material)
        if section.blocks:
            yield section
