"""Images for people to label: which ones next, and what to make of the answers."""

from orchestrator.labelling.collecting import Collected, collect_labels
from orchestrator.labelling.next_batch import LabelBatch, next_to_label

__all__ = ["Collected", "LabelBatch", "collect_labels", "next_to_label"]
