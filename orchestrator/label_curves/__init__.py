"""How many labels are enough: curves over their number, laws of them, and answers in words."""

from orchestrator.label_curves.answers import Needed, Saving, needed, savings, usual_needs
from orchestrator.label_curves.curve import LabelCurve
from orchestrator.label_curves.reading import read_label_curves
from orchestrator.label_curves.words import label_sentences

__all__ = [
    "LabelCurve",
    "Needed",
    "Saving",
    "label_sentences",
    "needed",
    "read_label_curves",
    "savings",
    "usual_needs",
]
