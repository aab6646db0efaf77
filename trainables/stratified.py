"""Orders in which every beginning is balanced over the classes; splits are cut from them.

Images go by Adams' method of apportionment: the next image is of the class with the most images for
each one taken already. So the first K images are one of each of K classes, each beginning follows
the classes' shares, and a longer beginning contains every shorter one.

Shapes: N images, K classes.
"""

from __future__ import annotations

import numpy as np


def random_ranks(labels_N: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The place (from 0) of each image in a random order of its own class, int64 [N]."""
    # Sorted doubles instead of rng.permutation: the stream behind random() is what numpy changes
    # least between its versions, and a split must be the same next year.
    by_class_N = np.lexsort((rng.random(len(labels_N)), labels_N))
    counts_K = np.bincount(labels_N) if len(labels_N) else np.zeros(0, dtype=np.int64)
    first_N = np.repeat(np.cumsum(counts_K) - counts_K, counts_K)
    ranks_N = np.empty(len(labels_N), dtype=np.int64)
    ranks_N[by_class_N] = np.arange(len(labels_N)) - first_N
    return ranks_N


def balanced_order(
    labels_N: np.ndarray, rng: np.random.Generator, *, keep_one: bool = False
) -> np.ndarray:
    """A random order of all images, int64 [N], each beginning of which is balanced.

    Args:
        labels_N: class indices from 0.
        keep_one: one image of each class comes after all others, so that who is served from the
            rest has every class as well, however few images it has.
    """
    ranks_N = random_ranks(labels_N, rng)
    counts_N = np.bincount(labels_N)[labels_N] if len(labels_N) else labels_N
    shares_N = ranks_N / np.maximum(counts_N, 1)  # rank 0 first, then in proportion
    if keep_one:
        shares_N = np.where(ranks_N == counts_N - 1, 1.0, shares_N)
    return np.lexsort((rng.random(len(labels_N)), shares_N))


def hold_out(labels_N: np.ndarray, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(kept, held out) indices, ascending; `share` of the images held out, balanced, by `seed`.

    A class with a single image is never held out.
    """
    order_N = balanced_order(labels_N, np.random.default_rng(seed), keep_one=True)
    count = min(round(share * len(labels_N)), len(labels_N) - len(np.unique(labels_N)))
    return np.sort(order_N[count:]), np.sort(order_N[:count])
