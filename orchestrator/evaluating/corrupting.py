"""`evaluate --corruptions`: generated on the split's own images, or read from CIFAR-10-C's files.

Shapes: N images, K classes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.evaluating.files import WORDS, writing_to
from orchestrator.evaluating.ready import Ready
from search_spaces.errors import UnknownNameError, UsageError
from trainables.atomic import write_file, write_json
from trainables.corruptions import CORRUPTIONS
from trainables.corruptions.choosing import FAMILIES, chosen_corruptions
from trainables.corruptions.report import CorruptionReport
from trainables.data import ImageData
from trainables.evaluating import SplitImages
from trainables.evaluation.evaluation import Fact
from trainables.evaluation.intervals import wilson_interval
from trainables.reports import Progress
from trainables.stratified import balanced_order

if TYPE_CHECKING:
    from trainables.corruptions.published import PublishedCorruptions

_SAMPLE_SEED = 0


@dataclass(frozen=True, eq=False)
class AskedCorruptions:
    """What is to be measured, looked through before anything runs.

    Args:
        names: to be generated; empty where there are `files`.
        most: images at each severity.
    """

    names: tuple[str, ...]
    files: PublishedCorruptions | None
    most: int


def asked_corruptions(text: str | None, split: str, most: int) -> AskedCorruptions | None:
    """What `--corruptions` names: `all`, names, families, or a folder; None for none.

    Raises:
        UsageError: no such corruption or folder; or the files, which are test images, are to be
            held against another split.
        UnavailableError: a folder whose files are not as CIFAR-10-C's are.
    """
    if most < 1:
        raise UsageError("--corruption-images is at least 1.", got=most)
    if text is None:
        return None
    if not _is_folder(text):
        names = _names(text)
        return AskedCorruptions(names, None, most) if names else None
    folder = Path(text).expanduser()
    if not folder.is_dir():
        rule = "--corruptions names corruptions, or a folder with the files of CIFAR-10-C."
        raise UsageError(rule, got=text, hint="There is no such folder.")
    if split != "test":
        rule = "The files of CIFAR-10-C are corrupted test images."
        raise UsageError(rule, got=f"--split {split}", hint="Add: --split test")
    from trainables.corruptions.published import open_published

    return AskedCorruptions((), open_published(folder), most)


def check_data(asked: AskedCorruptions | None, data: ImageData) -> None:
    """Before the test split is opened: the files must be images of this data's kind.

    Raises:
        UsageError: another number of pixels, or labels that no class has.
    """
    if asked is None or asked.files is None:
        return
    files, shape = asked.files, data.images_NHWC.shape[1:]
    held = files.images[files.names[0]].shape[1:]
    if held != shape:
        rule = f"{files.folder} must hold images as those of {data.name}, which are {_size(shape)}."
        raise UsageError(rule, got=_size(held))
    highest = int(files.labels_N.max())
    if highest >= len(data.classes):
        rule = f"{files.folder} must have the labels of {data.name}, 0 to {len(data.classes) - 1}."
        raise UsageError(rule, got=highest)


def measuring(
    asked: AskedCorruptions | None, ready: Ready, images: SplitImages
) -> Generator[Progress, None, CorruptionReport | None]:
    """Accuracy by corruption and severity.

    Raises:
        UsageError: the files hold as many images as the test split, but not of its classes.
    """
    if asked is None:
        return None
    from trainables.corruptions.measuring import measure_corruptions
    from trainables.corruptions.published import measure_published

    known: dict[str, Fact] = {"split": images.split, "data_digest": ready.data.digest}
    known |= {"precision": ready.facts.get("precision"), "device": ready.facts.get("device")}
    if asked.files is not None:
        check_labels(asked.files, images)
        return (
            yield from measure_published(ready.classify, asked.files, most=asked.most, known=known)
        )
    rows_N = np.sort(
        balanced_order(images.labels_N, np.random.default_rng(_SAMPLE_SEED))[: asked.most]
    )
    return (
        yield from measure_corruptions(
            ready.classify,
            images.images_NHWC[rows_N],
            images.labels_N[rows_N],
            names=asked.names,
            known=known,
        )
    )


def check_labels(files: PublishedCorruptions, images: SplitImages) -> None:
    """Raises UsageError for as many images as the test split has, in other numbers by class."""
    if files.rows != len(images.labels_N):
        return
    most = int(max(files.labels_N.max(), images.labels_N.max())) + 1
    here, there = (np.bincount(each, minlength=most) for each in (images.labels_N, files.labels_N))
    if not np.array_equal(here, there):
        rule = f"{files.folder} must hold the test images of this data; by class it has others."
        raise UsageError(rule, got=there.tolist(), hint=f"The test split has {here.tolist()}.")


def write_corruptions(
    folder: Path, split: str, found: CorruptionReport, *, title: str, pictures: bool
) -> tuple[Path, ...]:
    """Write `corruptions-SPLIT.json`, `.csv` and, unless turned off, `.png`.

    Raises:
        UnavailableError: the folder cannot be written.
    """
    paths = [folder / f"corruptions-{split}.{ending}" for ending in ("json", "csv", "png")]
    with writing_to(folder):
        write_json(paths[0], found.to_json())
        write_file(paths[1], lambda beside: beside.write_text(_csv(found), encoding="utf-8"))
        if not pictures:
            return tuple(paths[:2])
        from trainables.pictures.corruptions import draw_corruptions
        from trainables.pictures.style import png

        drawn = png(draw_corruptions(found, title=title, figures=in_a_line(found, split)))
        write_file(paths[2], lambda beside: beside.write_bytes(drawn))
    return tuple(paths)


def in_a_line(found: CorruptionReport, split: str) -> str:
    """`test split, 1,000 images a severity: mean corruption accuracy 61.2 % (58.1-64.2)`."""
    low, high = wilson_interval(round(found.mean * found.count), found.count)
    source = "" if found.provenance.get("source") == "generated" else ", CIFAR-10-C's files"
    return (
        f"{WORDS.get(split, split)} split, {found.count:,} images a severity{source}: mean "
        f"corruption accuracy {100 * found.mean:.1f} % ({100 * low:.1f}-{100 * high:.1f})"
    )


def _csv(found: CorruptionReport) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("corruption", *(f"severity_{s}" for s in found.severities), "mean"))
    for name, shares in found.accuracy.items():
        writer.writerow((name, *(f"{share:.6f}" for share in shares), f"{found.by_name[name]:.6f}"))
    return text.getvalue()


def _is_folder(text: str) -> bool:
    return "/" in text or text.startswith(("~", ".")) or (text not in _known() and _is_dir(text))


def _is_dir(text: str) -> bool:
    return "," not in text and Path(text).is_dir()


def _known() -> set[str]:
    return {"none", "all", *FAMILIES, *CORRUPTIONS}


def _names(text: str) -> tuple[str, ...]:
    try:
        return chosen_corruptions(text)
    except UnknownNameError as error:
        raise UsageError(f"{error} A folder with CIFAR-10-C's files may be named, too.") from None


def _size(shape: tuple[int, ...]) -> str:
    return " x ".join(str(side) for side in shape)
