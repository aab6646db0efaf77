"""Pseudo-labels that were made before: one small file each, shared by all trials that want them.

<home>/pseudo_labels/<digest>.npz   places in the data set and pseudo-labels; the key, for people

Trials of one search that differ in their recipe alone, in their seed for instance, learn from the
same ones; and a trial that goes on after a kill goes on with those that it began with.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from search_spaces.errors import UnavailableError
from trainables.atomic import write_file
from trainables.home import home, home_folder
from trainables.setup import TrialSetup
from trainables.weak.kind import PseudoLabels
from trainables.weak.learning import WeakSpec

log = logging.getLogger(__name__)
_FOLDER = "pseudo_labels"


@dataclass(frozen=True)
class PseudoKey:
    """All that pseudo-labels depend on.

    Args:
        weak: method and options.
        data: digest of the data.
        split: digest of the split: labelled images, and those of the pool.
        seed: of the split, which is the method's as well.
        features: slug of the `FeatureKey` of the body that they are made by.
    """

    weak: str
    data: str
    split: str
    seed: int
    features: str

    @classmethod
    def of(cls, spec: WeakSpec, setup: TrialSetup, features: str) -> PseudoKey:
        """Of a trial's setup, whose labelled images are chosen."""
        splits = setup.splits
        return cls(str(spec), setup.data.digest, splits.digest, splits.seed, features)

    @property
    def text(self) -> str:
        """One JSON object."""
        return json.dumps(dataclasses.asdict(self), sort_keys=True)

    @property
    def path(self) -> Path:
        """Where they are kept."""
        return home() / _FOLDER / f"{hashlib.sha256(self.text.encode()).hexdigest()[:24]}.npz"


def recall(key: PseudoKey) -> PseudoLabels | None:
    """What was made before, if it was; a broken file counts as nothing."""
    try:
        with np.load(key.path, allow_pickle=False) as stored:
            rows_P, labels_P = stored["rows"], stored["labels"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    sound = rows_P.ndim == labels_P.ndim == 1 and len(rows_P) == len(labels_P)
    sound = sound and rows_P.dtype == labels_P.dtype == np.int64
    return PseudoLabels(rows_P, labels_P) if sound else None


def remember(key: PseudoKey, found: PseudoLabels) -> None:
    """Writes them down, whole or not at all; where that fails, the next trial makes them again."""
    try:
        home_folder(_FOLDER)
        text = np.array(key.text)
        write_file(
            key.path,
            lambda beside: np.savez(beside, rows=found.rows_P, labels=found.labels_P, key=text),
        )
    except (OSError, UnavailableError) as error:
        log.warning("Pseudo-labels could not be kept: %s", error)
