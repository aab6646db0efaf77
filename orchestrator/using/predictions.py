"""`Predictions`: what a model said of image files, as a table, as CSV and as JSON.

Shapes: N images, K classes.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Predictions:
    """Answers of one model.

    Args:
        model: how a person asks for this very model again.
        classes: K names.
        paths: N files that were read.
        probabilities_NK: float32.
        failed: files that could not be read, each with the reason.
        seconds: wall time, without loading the model.
    """

    model: str
    classes: tuple[str, ...]
    paths: tuple[Path, ...]
    probabilities_NK: np.ndarray
    failed: tuple[tuple[Path, str], ...]
    seconds: float

    def top(self, row: int, count: int) -> list[tuple[str, float]]:
        """The `count` most likely classes of an image with their probabilities, likeliest first."""
        shares_K = self.probabilities_NK[row]
        order = np.argsort(-shares_K, kind="stable")[:count]
        return [(self.classes[at], float(shares_K[at])) for at in order]

    def frame(self, *, top: int = 1, every_class: bool = False) -> pd.DataFrame:
        """One row a file, those that failed last: `path`, `label`, `probability`, ..., `error`.

        Args:
            top: also `label_2`, `probability_2` and so on, up to this many.
            every_class: also a column `p.NAME` for each class.
        """
        import pandas as pd

        return pd.DataFrame(self.rows(top, every_class), columns=self.columns(top, every_class))

    def columns(self, top: int, every_class: bool) -> list[str]:
        """Names of the columns of `rows`."""
        ranks = ["", *(f"_{rank}" for rank in range(2, min(top, len(self.classes)) + 1))]
        pairs = [f"{name}{rank}" for rank in ranks for name in ("label", "probability")]
        every = [f"p.{name}" for name in self.classes] if every_class else []
        return ["path", *pairs, *every, "error"]

    def rows(self, top: int, every_class: bool) -> list[list[Any]]:
        """Plain values by column; None where there is none."""
        rows: list[list[Any]] = []
        for row, path in enumerate(self.paths):
            pairs = [value for pair in self.top(row, top) for value in pair]
            every = self.probabilities_NK[row].tolist() if every_class else []
            rows.append([str(path), *pairs, *every, None])
        empty = [None] * (len(self.columns(top, every_class)) - 2)
        return rows + [[str(path), *empty, reason] for path, reason in self.failed]

    def csv(self, *, top: int = 1, every_class: bool = False) -> str:
        """The table as CSV, with six decimals; a name that a spreadsheet would compute is quoted
        by an apostrophe."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([_tame(name) for name in self.columns(top, every_class)])
        for row in self.rows(top, every_class):
            writer.writerow([_cell(value) for value in row])
        return out.getvalue()

    def to_json(self, *, top: int = 1, every_class: bool = False) -> dict[str, Any]:
        """The keys of `docs/json.md`."""
        images = [
            {
                "path": str(path),
                "label": self.top(row, 1)[0][0],
                "probability": self.top(row, 1)[0][1],
                "top": [{"label": n, "probability": p} for n, p in self.top(row, top)],
                "probabilities": dict(
                    zip(self.classes, self.probabilities_NK[row].tolist(), strict=True)
                    if every_class
                    else ()
                ),
            }
            for row, path in enumerate(self.paths)
        ]
        return {
            "model": self.model,
            "classes": list(self.classes),
            "images": images,
            "failed": [{"path": str(path), "reason": reason} for path, reason in self.failed],
            "seconds": self.seconds,
        }


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.6f}" if isinstance(value, float) else _tame(str(value))


def _tame(text: str) -> str:
    """A cell that begins with one of these is a formula to a spreadsheet, and may come from a
    file's name."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
