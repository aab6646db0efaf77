"""Choices that were made before: one small file each, shared by all trials that would make it.

<home>/subsets/<digest>.json   the fields of `ChoiceKey`, the chosen images, the labels counted

Trials of one search that differ in their recipe alone train on the same images, and a trial that
goes on after a kill trains on the images that it began with. Two processes that come at the same
time both choose, the same.

Shapes: B chosen images.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from search_spaces.errors import UnavailableError
from trainables.atomic import write_json
from trainables.home import home, home_folder

log = logging.getLogger(__name__)
_FOLDER = "subsets"


@dataclass(frozen=True)
class ChoiceKey:
    """All that a choice depends on.

    Args:
        subset: strategy and options.
        data: digest of the data.
        split: digest of the split that the choice starts from: validation images and budget.
        seed: of the split.
        features: slug of the `FeatureKey`; empty where none are looked at.
    """

    subset: str
    data: str
    split: str
    seed: int
    features: str

    @property
    def path(self) -> Path:
        """Where the choice is kept."""
        text = json.dumps(dataclasses.asdict(self), sort_keys=True)
        return home() / _FOLDER / f"{hashlib.sha256(text.encode()).hexdigest()[:24]}.json"


@dataclass(frozen=True, eq=False)
class StoredChoice:
    """Images of a data set in the order of choice, and the labels that were handed out."""

    rows_B: np.ndarray
    labels_seen: int


def recall(key: ChoiceKey) -> StoredChoice | None:
    """The choice that was made before, if it was; a broken file counts as none."""
    try:
        stored = json.loads(key.path.read_text())
        rows_B = np.array(stored["rows"], np.int64)
        return StoredChoice(rows_B, int(stored["labels_seen"])) if rows_B.ndim == 1 else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remember(key: ChoiceKey, choice: StoredChoice) -> None:
    """Writes it down, whole or not at all; where that fails, the next trial chooses again."""
    found = {"rows": choice.rows_B.tolist(), "labels_seen": choice.labels_seen}
    try:
        home_folder(_FOLDER)
        write_json(key.path, {**dataclasses.asdict(key), **found})
    except (OSError, UnavailableError) as error:
        log.warning("A choice of images could not be kept: %s", error)
