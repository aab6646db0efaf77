"""What one pass of sending gave, and the note of it that stays in the study's folder."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

_FILE = "mlflow.json"
_MOST = 10  # items of what is left that are named


@dataclass(frozen=True)
class SyncResult:
    """What MLflow holds of a study after a pass.

    Args:
        tracking_uri: with its password masked.
        run_ids: by trial number.
        left: what is still to be sent, in words, one item each; empty when all was sent.
        without_files: trials whose files are not to be had on the machine that sent them; what
            the study holds of them was sent.
        note: what went wrong, in words; empty when nothing did.
    """

    study: str
    tracking_uri: str = ""
    experiment_id: str | None = None
    parent_run_id: str | None = None
    run_ids: Mapping[int, str] = field(default_factory=dict)
    left: tuple[str, ...] = ()
    without_files: tuple[int, ...] = ()
    note: str = ""

    @property
    def complete(self) -> bool:
        """Whether MLflow holds all that the study does."""
        return not self.left

    @property
    def unsent(self) -> str:
        """What is missing, why, and what to do, in words; empty when nothing is."""
        if self.complete:
            return ""
        why = f" ({self.note})" if self.note else ""
        shown = [
            *self.left[:_MOST],
            *([f"{more} more"] if (more := len(self.left) - _MOST) > 0 else []),
        ]
        what = ", ".join(shown)
        return f"Not sent to MLflow yet: {what}{why}. Run `orchestrator sync {self.study}`."

    def to_json(self) -> str:
        """One line; `from_json` reads it."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> SyncResult:
        """The value that `to_json` wrote.

        Raises:
            ValueError: the text is something else.
        """
        fields = json.loads(text)
        if not isinstance(fields, dict) or "study" not in fields:
            raise ValueError(f"Not a result of a pass: {text[:80]!r}")
        known = {name: fields[name] for name in cls.__dataclass_fields__ if name in fields}
        runs = {int(number): run_id for number, run_id in fields.get("run_ids", {}).items()}
        known |= {"run_ids": runs, "left": tuple(fields.get("left", ()))}
        return cls(**{**known, "without_files": tuple(fields.get("without_files", ()))})


def write_result(folder: Path, result: SyncResult) -> None:
    """Note the run ids in the study's folder, so that a table can link to them without MLflow."""
    part = folder / f"{_FILE}.{os.getpid()}.part"
    part.write_text(result.to_json() + "\n", encoding="utf-8")
    part.replace(folder / _FILE)


def read_result(folder: Path) -> SyncResult | None:
    """The last pass's result, None where there was none (or its file is damaged)."""
    try:
        return SyncResult.from_json((folder / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError):
        return None
