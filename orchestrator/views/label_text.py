"""What `orchestrator label` says: what was chosen or collected, and what to do next."""

from __future__ import annotations

import shlex
from pathlib import Path

from orchestrator.labelling.collecting import Collected
from orchestrator.labelling.next_batch import LabelBatch


def print_batch(batch: LabelBatch, images: Path) -> None:
    """In a few lines."""
    print(f"{len(batch.rows)} of {batch.images:,} images, chosen by {batch.subset}: {batch.sheet}")
    print(f"Labelled before: {_by_class(batch.classes) or 'none'}.")
    here, sheet = shlex.quote(str(images)), shlex.quote(str(batch.sheet))
    print("Fill in the column label, then choose the next ones or collect what there is:")
    print(f"    orchestrator label next {here} --labels {sheet} --out next.csv")
    print(f"    orchestrator label collect {here} --labels {sheet} --into labelled")


def print_collected(found: Collected) -> None:
    """In a few lines."""
    print(f"{found.folder}: {_by_class(found.classes)}.")
    print(f"{found.new:,} new, {found.moved:,} under another label than before.")
    data = shlex.quote(f"folder:{found.folder}")
    print(f"    orchestrator search backbone_compare --data {data}")


def _by_class(classes: object) -> str:
    assert isinstance(classes, dict)
    return ", ".join(f"{name} {count:,}" for name, count in classes.items())
