"""Duplicates of both kinds, across the splits and within training, with labels and files.

Shapes: N images of a split.
"""

from __future__ import annotations

import numpy as np

from trainables.data.check.exact import copies, hashes, repeats
from trainables.data.check.files import StoredFiles
from trainables.data.check.near import Match, near_matches
from trainables.data.check.value import Kind, Pair, Split
from trainables.data.source import Tell

Labelled = tuple[np.ndarray, np.ndarray]
"""Images [N,H,W,3] and labels [N]."""


def duplicate_pairs(
    classes: tuple[str, ...], train: Labelled, test: Labelled, files: StoredFiles, tell: Tell
) -> list[Pair]:
    """Each image that repeats a training image, with the one that it repeats.

    Args:
        classes: names by label.
        train, test: images and labels.
        files: the files behind them, to be named.
    """
    tell("hashing images")
    train_hashes, test_hashes = hashes(train[0]), hashes(test[0])
    splits: tuple[tuple[Split, Labelled, dict[int, int]], ...] = (
        ("test", test, copies(test_hashes, train_hashes)),
        ("train", train, repeats(train_hashes)),
    )
    found = []
    for split, (images_NHWC, labels_N), exact in splits:
        tell(f"comparing {len(images_NHWC)} {split} images with {len(train[0])} training images")
        near = near_matches(images_NHWC, train[0], earlier=split == "train", tell=tell)
        for kind, match in _matches(exact, near):
            pair = Pair(
                kind=kind,
                split=split,
                index=match.index,
                other=match.other,
                similarity=match.similarity,
                difference=_difference(images_NHWC[match.index], train[0][match.other]),
                label=classes[labels_N[match.index]],
                other_label=classes[train[1][match.other]],
                file=files.file(split, match.index),
                other_file=files.file("train", match.other),
            )
            found.append(pair)
    return found


def _matches(exact: dict[int, int], near: list[Match]) -> list[tuple[Kind, Match]]:
    """Exact ones first, then near ones of other images, the most alike first."""
    copied: list[tuple[Kind, Match]] = [
        ("exact", Match(index, other, 1.0)) for index, other in exact.items()
    ]
    others = [match for match in near if match.index not in exact]
    others.sort(key=lambda match: (-match.similarity, match.index))
    return [*copied, *(("near", match) for match in others)]


def _difference(one_HWC: np.ndarray, other_HWC: np.ndarray) -> float:
    return float(np.sqrt(np.mean((one_HWC.astype(float) - other_HWC.astype(float)) ** 2)))
