"""Confusion counts as CSV, with the names of the classes.

Shapes: K classes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence


def confusion_csv(counts_KK: Sequence[Sequence[int]], classes: Sequence[str]) -> str:
    """A header of predicted classes, then a row a true class."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["true \\ predicted", *classes])
    writer.writerows([name, *row] for name, row in zip(classes, counts_KK, strict=True))
    return text.getvalue()
