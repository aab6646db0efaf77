"""The sheets that people label on: CSV files with a row an image.

`file` (its path within the folder of images) and `label`, which is empty until somebody fills it
in; `prediction` and `probability` are there to help. Other columns are left alone. What a
spreadsheet makes of it (semicolons, a byte order mark) is read as well.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

from search_spaces.errors import UsageError

COLUMNS = ("file", "label", "prediction", "probability")


@dataclass(frozen=True)
class SheetRow:
    """An image to be labelled; `prediction` is empty where nothing could be said yet."""

    file: str
    label: str = ""
    prediction: str = ""
    probability: str = ""


def write_sheet(rows: Sequence[SheetRow], path: Path) -> None:
    """Writes a new sheet.

    Raises:
        UsageError: the file is there already: somebody may have labelled on it.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(astuple(row) for row in rows)
    try:
        with path.open("x", encoding="utf-8", newline="") as file:
            file.write(text.getvalue())
    except FileExistsError:
        rule = "A new sheet does not replace one that may have been labelled on."
        raise UsageError(rule, got=str(path), hint="Name another file with --out.") from None
    except OSError as error:
        raise UsageError("The sheet must be writable.", got=str(error)) from None


def read_sheets(paths: Iterable[Path]) -> dict[str, str]:
    """Labels by file, of all sheets; rows without a label are passed over.

    Raises:
        UsageError: not such a sheet, or two labels for one image.
    """
    labels: dict[str, str] = {}
    for path in paths:
        for row in _rows(path):
            file, label = (row.get("file") or "").strip(), (row.get("label") or "").strip()
            if not label:
                continue
            if labels.setdefault(file, label) != label:
                rule = f"An image has one label; {file!r} has two in the sheets."
                raise UsageError(rule, got=(labels[file], label), hint=f"See {path}.")
    return labels


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("A sheet must be a readable CSV file.", got=f"{path}: {error}") from None
    header = text.partition("\n")[0]
    mark = ";" if header.count(";") > header.count(",") else ","
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=mark)
    if not {"file", "label"} <= set(reader.fieldnames or ()):
        rule = f"{path} must have the columns file and label."
        raise UsageError(rule, got=", ".join(reader.fieldnames or ()) or "an empty file")
    return list(reader)
