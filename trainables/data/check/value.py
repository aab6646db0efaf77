"""What a look at the data itself found: duplicates, labels that disagree, blanks, imbalance."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

Kind = Literal["exact", "near"]
Split = Literal["train", "test"]
FEW = 5
"""Training images under which a class is named: too few to train, validate and say anything."""
UNBALANCED = 2.0
"""Largest class over smallest from which imbalance is worth a warning."""


@dataclass(frozen=True)
class Pair:
    """An image, and a training image that shows the same.

    Args:
        kind: "exact" for equal pixels, else "near".
        split: where the image is; two training images are named once, by the later one.
        index: its place in its split.
        other: the place of the training image.
        similarity: correlation of what they show, up to 1 (`near.py`); 1 for equal pixels.
        difference: root mean square over all pixels and channels, in levels of 0 to 255.
        label, other_label: their class names.
        file, other_file: where a folder's images lie; None for other data.
    """

    kind: Kind
    split: Split
    index: int
    other: int
    similarity: float
    difference: float
    label: str
    other_label: str
    file: Path | None = None
    other_file: Path | None = None

    @property
    def labels_agree(self) -> bool:
        """Whether both have one class."""
        return self.label == self.other_label


@dataclass(frozen=True)
class ClassCount:
    """Images of one class."""

    name: str
    train: int
    test: int


@dataclass(frozen=True)
class Blank:
    """An image that shows nothing: no channel spans more than 4 of 255 levels."""

    split: Split
    index: int
    label: str
    file: Path | None = None


@dataclass(frozen=True)
class Unreadable:
    """A file that cannot be decoded, and why."""

    file: Path
    reason: str


@dataclass(frozen=True)
class Originals:
    """The files' own sizes, before they were brought to the stored one; sides in pixels.

    Args:
        smallest, median, largest: of the shorter sides.
        enlarged: images whose shorter side is under the stored size.
        cut: images that are not square, of which the middle is stored.
    """

    smallest: int
    median: int
    largest: int
    enlarged: int
    cut: int


@dataclass(frozen=True)
class DataCheck:
    """Everything that was found; with unreadable files, nothing else could be looked at.

    Args:
        name, digest: of the data; the digest is "" where it could not be read.
        image_size: pixels a side as stored; 0 where it could not be read.
        images, test_images: how many.
        pairs: duplicates: those of test images first, exact ones first, then the most alike first.
        pictures: files of pairs that were drawn.
        seconds: wall time.
    """

    name: str
    digest: str
    image_size: int
    images: int
    test_images: int
    classes: tuple[ClassCount, ...]
    pairs: tuple[Pair, ...] = ()
    blank: tuple[Blank, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    originals: Originals | None = None
    pictures: tuple[Path, ...] = ()
    seconds: float = 0.0

    def found(self, split: Split, kind: Kind) -> int:
        """Images of `split` that repeat a training image in this way."""
        return sum(pair.split == split and pair.kind == kind for pair in self.pairs)

    def disagreeing(self, kind: Kind) -> tuple[Pair, ...]:
        """Duplicates of this kind under two labels: of exact ones, one label is wrong."""
        return tuple(pair for pair in self.pairs if pair.kind == kind and not pair.labels_agree)

    @property
    def imbalance(self) -> float:
        """Training images of the largest class over those of the smallest; inf over none."""
        counts = [each.train for each in self.classes]
        return max(counts) / min(counts) if min(counts) else float("inf")

    @property
    def small_classes(self) -> tuple[str, ...]:
        """Classes with fewer than 5 training images."""
        return tuple(each.name for each in self.classes if each.train < FEW)

    @property
    def unusable(self) -> str:
        """Why no search can use this data, in words; "" if one can."""
        if self.unreadable:
            return f"{len(self.unreadable)} files cannot be read"
        empty = [each.name for each in self.classes if not each.train]
        return f"no training image of {', '.join(empty)}" if empty else ""

    def to_json(self) -> dict[str, Any]:
        """As plain values, with what follows from them (docs/json.md)."""
        pairs = [{**asdict(pair), "labels_agree": pair.labels_agree} for pair in self.pairs]
        kinds: tuple[Kind, ...] = ("exact", "near")
        splits: tuple[Split, ...] = ("test", "train")
        counts = {f"{split}_{kind}": self.found(split, kind) for split in splits for kind in kinds}
        for kind in kinds:
            counts[f"labels_disagree_{kind}"] = len(self.disagreeing(kind))
        return {
            **asdict(self),
            "digest": self.digest or None,
            "image_size": self.image_size or None,
            "pairs": pairs,
            "duplicates": counts,
            "imbalance": self.imbalance,
            "small_classes": list(self.small_classes),
            "unusable": self.unusable,
        }
