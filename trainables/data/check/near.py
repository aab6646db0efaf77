"""Near duplicates: images that show the same, but for brightness, contrast, colour or a pixel.

Two steps, as in Torralba, Fergus and Freeman 2008 (80 million tiny images), who compare tiny images
first as they are and then with their pixels shifted:

1. Every pair's 8 x 8 colour thumbnails are correlated; below 0.87 a pair is let go. All pairs, by
   matrix products; only the 8 most alike of an image go on.
2. Their edges are correlated (Lewis 1995, Fast normalized cross-correlation), the best of all
   shifts by one pixel counts; from 0.75 on the two are near duplicates. Two views of a sea have
   alike thumbnails; they have not the same edges. An edge is the signed square root of a central
   difference of the grey image (32 px a side at most, smoothed over 2 x 2 pixels): without the root
   one strong line, a frame or a horizon, decides alone (3 framed pictures of CIFAR-10 were false).

A mirrored, scaled or differently cut copy is not found. Images of little detail (digits, clothes on
black) are near without being copies (358 of the 359 test images of `digits`): look at the pictures.

Measured on CIFAR-10, against the list that Barz and Denzler published in 2020 (Do we train on test
data?), with which the two thresholds were chosen: benchmarks/near_copies.py.

Shapes: N query images, M reference images, F = 192.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from trainables.data.check.thumbnails import greys, unit_rows, unit_thumbnails
from trainables.data.source import Tell

ALIKE = 0.87
NEAR = 0.75
SIDE = 32
"""Pixels a side at which edges are compared, at most."""
KEPT = 8
_ROWS, _PAIRS, _TOLD = 256, 1000, 10_000


@dataclass(frozen=True)
class Match:
    """Query image `index` shows what reference image `other` shows."""

    index: int
    other: int
    similarity: float


def near_matches(
    queries_NHWC: np.ndarray, references_MHWC: np.ndarray, *, earlier: bool, tell: Tell
) -> list[Match]:
    """For each query image its nearest reference, where that is near; of both splits' pixels only.

    Args:
        earlier: the two are the same images; compare each with those before it.
    """
    references_MF = unit_thumbnails(references_MHWC)
    queries_NF = references_MF if earlier else unit_thumbnails(queries_NHWC)
    best: dict[int, Match] = {}
    for start, pairs_P2 in _candidates(queries_NF, references_MF, earlier):
        if start and start % _TOLD < _ROWS:
            tell(f"compared {start} of {len(queries_NF)} images")
        similarities = edge_similarity(queries_NHWC, references_MHWC, pairs_P2)
        for (index, other), similarity in zip(
            pairs_P2.tolist(), similarities.tolist(), strict=True
        ):
            known = best.get(index)
            if similarity >= NEAR and (known is None or similarity > known.similarity):
                best[index] = Match(index, other, similarity)
    return list(best.values())


def _candidates(
    queries_NF: np.ndarray, references_MF: np.ndarray, earlier: bool
) -> Iterator[tuple[int, np.ndarray]]:
    """By blocks of queries: the block's start, and pairs (query, reference), int64 [P, 2]."""
    for start in range(0, len(queries_NF), _ROWS):
        block = queries_NF[start : start + _ROWS]
        end = start + len(block) if earlier else len(references_MF)
        alike = block @ references_MF[:end].T
        if earlier:
            alike[:, start:] = np.tril(alike[:, start:], -1)  # zeros are let go
        rows, columns = np.nonzero(alike > ALIKE)
        rows, columns = _most_alike(rows, columns, alike[rows, columns])
        yield start, np.stack([rows + start, columns], axis=1)


def _most_alike(
    rows: np.ndarray, columns: np.ndarray, alike: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    order = np.lexsort((-alike, rows))
    rows, columns = rows[order], columns[order]
    ranks = np.arange(len(rows)) - np.searchsorted(rows, rows)  # 0 for the first of its row
    return rows[ranks < KEPT], columns[ranks < KEPT]


def edge_similarity(
    queries_NHWC: np.ndarray, references_MHWC: np.ndarray, pairs_P2: np.ndarray
) -> np.ndarray:
    """Float32 [P]: the correlation of each pair's edges, the best over shifts by one pixel."""
    parts = [np.zeros(0, np.float32)]
    for start in range(0, len(pairs_P2), _PAIRS):
        one, other = pairs_P2[start : start + _PAIRS].T
        parts.append(_shifted_best(_edges(queries_NHWC[one]), _edges(references_MHWC[other])))
    return np.minimum(np.concatenate(parts), 1)  # rounding gives 1.0000001


def _edges(images_NHWC: np.ndarray) -> np.ndarray:
    """Float32 [N,2,E,E]: changes to the right and downwards, roots of them; E = side - 3."""
    grey = greys(images_NHWC, SIDE)
    smooth = grey[:, :-1, :-1] + grey[:, 1:, :-1] + grey[:, :-1, 1:] + grey[:, 1:, 1:]
    across = smooth[:, 1:-1, 2:] - smooth[:, 1:-1, :-2]
    down = smooth[:, 2:, 1:-1] - smooth[:, :-2, 1:-1]
    edges = np.stack([across, down], axis=1)
    return np.sign(edges) * np.sqrt(np.abs(edges))


def _shifted_best(ones_P2EE: np.ndarray, others_P2EE: np.ndarray) -> np.ndarray:
    inner = ones_P2EE[:, :, 1:-1, 1:-1]
    count, last = len(inner), inner.shape[-1]
    still = unit_rows(inner.reshape(count, -1))
    best = np.full(count, -1.0, np.float32)
    for y in range(3):
        for x in range(3):
            moved = others_P2EE[:, :, y : y + last, x : x + last].reshape(count, -1)
            best = np.maximum(best, np.einsum("pf,pf->p", still, unit_rows(moved)))
    return best
