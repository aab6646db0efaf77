"""`next_to_label`: the images that are worth a person's time next, on a sheet.

Shapes: N images, A labelled, B chosen, F features, K classes.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from orchestrator.labelling.photos import Photos, find_photos
from orchestrator.labelling.sheet import SheetRow, read_sheets, write_sheet
from orchestrator.say import in_words, silent
from orchestrator.settings import make_config
from search_spaces.errors import UsageError
from trainables.config import TrialConfig
from trainables.driving import drive
from trainables.reports import Progress

FIRST_STRATEGY, NEXT_STRATEGY = "typiclust", "margin"
"""Where nothing is labelled yet, and from then on."""


@dataclass(frozen=True)
class LabelBatch:
    """What was chosen.

    Args:
        sheet: the file that was written.
        images: in the folder.
        labelled: before.
        classes: labelled images by class.
        subset: strategy and options.
        rows: as they stand on the sheet, the most wanted first.
    """

    sheet: Path
    images: int
    labelled: int
    classes: Mapping[str, int]
    subset: str
    rows: tuple[SheetRow, ...]

    def to_json(self) -> dict[str, Any]:
        """What `--json` prints."""
        return {
            "sheet": str(self.sheet),
            "images": self.images,
            "labelled": self.labelled,
            "classes": dict(self.classes),
            "subset": self.subset,
            "rows": [dataclasses.asdict(row) for row in self.rows],
        }


def next_to_label(
    images: str | Path,
    out: str | Path,
    *,
    budget: int = 50,
    labels: Sequence[str | Path] = (),
    subset: str | None = None,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
    **fields: Any,
) -> LabelBatch:
    """Choose `budget` images of the folder `images`, and write a sheet to label them on.

    Args:
        out: the sheet, a new CSV file.
        labels: sheets that were filled in before.
        subset: a strategy that needs no other labels than those (default: typiclust to begin
            with, margin once two classes are labelled).
        progress: is given a line about once a second; `print` will do.
        fields: of TrialConfig, such as `backbone`, `input_size`, `weights_dir`.

    Raises:
        UsageError: a folder, sheet or strategy that will not do.
        UnavailableError: the backbone's weights cannot be had here.
    """
    say = progress or silent
    run = _next(Path(images), Path(out), budget, [Path(p) for p in labels], subset, seed, fields)
    return drive(run, lambda sign: say(in_words(sign)))


def _next(
    images: Path,
    out: Path,
    budget: int,
    sheets: Sequence[Path],
    subset: str | None,
    seed: int,
    fields: Mapping[str, Any],
) -> Generator[Progress, None, LabelBatch]:
    from trainables.subsets import HiddenLabels, choose

    if out.exists():  # told before hours of extraction
        write_sheet((), out)
    config = make_config({**fields, "tune": "head"})
    photos, known = find_photos(images), read_sheets(sheets)
    known_A, classes = photos.places(known), tuple(sorted(set(known.values())))
    spec = _strategy(subset, budget, len(classes))
    features_NF = yield from _features(photos, config)
    labels_N = np.full(len(photos.files), -1)
    labels_N[known_A] = [classes.index(label) for label in known.values()]
    chosen_B = choose(
        spec,
        features_NF,
        HiddenLabels(labels_N, known_A),
        budget=budget,
        classes=max(1, len(classes)),
        seed=seed,
        known_A=known_A,
    ).indices_B
    rows = _rows(photos, features_NF, chosen_B, known_A, labels_N, classes, seed)
    write_sheet(rows, out)
    counts = dict(sorted(Counter(known.values()).items()))
    return LabelBatch(out, len(photos.files), len(known), counts, str(spec), rows)


def _strategy(subset: str | None, budget: int, classes: int) -> Any:
    """The strategy, as it is for one round.

    Raises:
        UsageError: one that needs labels that nobody has given yet.
    """
    from trainables.subsets import parse_subset

    spec = parse_subset(subset or (NEXT_STRATEGY if classes > 1 else FIRST_STRATEGY))
    name = spec.strategy.name
    if spec.strategy.labels == "all":
        rule = f"{name} needs the labels of all images, which nobody has yet."
        raise UsageError(rule, hint="Name another strategy with --subset.")
    if spec.strategy.labels == "bought" and classes < 2:
        rule = f"{name} needs labelled images of two classes to begin with."
        raise UsageError(rule, got=f"{classes} classes", hint=f"Begin with {FIRST_STRATEGY}.")
    if "batch" in spec.options:  # a second round would want labels that are still to be given
        return dataclasses.replace(spec, options={**spec.options, "batch": float(budget)})
    return spec


def _features(photos: Photos, config: TrialConfig) -> Generator[Progress, None, np.ndarray]:
    from trainables.backbones import get_backbone
    from trainables.bodies import body_of
    from trainables.device import resolve_device
    from trainables.features import FeatureKey, cached_features, settle_precision
    from trainables.weights_digest import weights_digest

    device = resolve_device(config.device)
    size = config.input_size or get_backbone(config.backbone).natural_size
    weights = weights_digest(config)
    key = FeatureKey(
        data_digest=photos.digest(size),
        backbone=config.backbone,
        weights_digest=weights,
        input_size=size,
        resize=config.resize,
        precision=settle_precision(config.precision, device),
    )
    block = yield from cached_features(
        photos.at(size),
        np.arange(len(photos.files)),
        lambda: body_of(config, weights),
        key,
        device=device,
        threads=config.threads,
        limit_gb=config.cache_limit_gb,
    )
    return block.features_NF


def _rows(
    photos: Photos,
    features_NF: np.ndarray,
    chosen_B: np.ndarray,
    known_A: np.ndarray,
    labels_N: np.ndarray,
    classes: tuple[str, ...],
    seed: int,
) -> tuple[SheetRow, ...]:
    """With what a head on the labels so far says of each, where two classes have any."""
    files = [photos.files[place] for place in chosen_B]
    if len(classes) < 2:
        return tuple(SheetRow(file) for file in files)
    from trainables.subsets.head import fit_head

    head = fit_head(features_NF, known_A, labels_N[known_A], classes=len(classes), seed=seed)
    said_BK = head.probabilities(features_NF[chosen_B])
    return tuple(
        SheetRow(file, "", classes[int(row_K.argmax())], f"{row_K.max():.3f}")
        for file, row_K in zip(files, said_BK, strict=True)
    )
