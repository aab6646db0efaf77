"""Listing, emptying, and the bound on the disk the cache takes."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from feature_parts import extract, features_of, tiny_key

from trainables.features import FeatureKey, empty_cache, list_cache

# 28 bytes of header; index, checksum and 6 float32 for each of 10 images
ENTRY_BYTES = 28 + 10 * (8 + 4 + 6 * 4)


def fill(*names: str) -> None:
    """One key a name, 10 images each, last used in this order, an hour apart."""
    for hour, name in enumerate(names):
        extract(np.arange(10), key=tiny_key(backbone=name))
        used = next(entry.folder for entry in list_cache() if entry.key.backbone == name) / "used"
        os.utime(used, (1e9 + 3600 * hour,) * 2)


def names() -> list[str]:
    return [entry.key.backbone for entry in list_cache()]


def test_an_empty_home_lists_nothing_and_makes_nothing(own_home: Path) -> None:
    assert list_cache() == [] and empty_cache() == 0
    assert list(own_home.iterdir()) == []


def test_a_listing_tells_key_images_bytes_and_last_use() -> None:
    fill("a", "timm:hub/b")
    newest, oldest = list_cache()
    assert newest.key == tiny_key(backbone="timm:hub/b")
    assert (newest.images, newest.bytes) == (10, ENTRY_BYTES)
    assert (oldest.last_used, newest.last_used) == (1e9, 1e9 + 3600)


@pytest.mark.parametrize(
    ("limit_entries", "left"),
    [(4, "dcba"), (3.5, "dcb"), (3, "dcb"), (2, "dc"), (1, "d"), (0.1, "d")],
)
def test_the_least_recently_used_go_first_and_never_the_one_in_use(
    limit_entries: float, left: str
) -> None:
    fill("a", "b", "c")
    extract(np.arange(10), key=tiny_key(backbone="d"), limit_gb=limit_entries * ENTRY_BYTES / 1e9)
    assert "".join(names()) == left


def test_use_counts_not_age() -> None:
    fill("a", "b", "c")
    extract(np.arange(10), key=tiny_key(backbone="a"))  # read again just now
    extract(np.arange(10), key=tiny_key(backbone="d"), limit_gb=2 * ENTRY_BYTES / 1e9)
    assert sorted(names()) == ["a", "d"]


def test_a_key_being_extracted_is_neither_evicted_nor_emptied() -> None:
    fill("a")
    busy = features_of(np.arange(20), key=tiny_key(backbone="a"))
    next(busy)  # has the lock of a
    extract(np.arange(10), key=tiny_key(backbone="d"), limit_gb=1e-9)
    assert empty_cache() == ENTRY_BYTES  # d
    assert names() == ["a"]
    busy.close()


def test_emptying_frees_all_or_one_backbone() -> None:
    fill("a", "b", "c")
    assert empty_cache(backbone="b") == ENTRY_BYTES
    assert names() == ["c", "a"]
    assert empty_cache(backbone="nothing") == 0
    assert empty_cache() == 2 * ENTRY_BYTES
    assert names() == []
    assert extract(np.arange(10), key=tiny_key(backbone="a")).extracted == 10


def test_slugs_are_safe_and_differ() -> None:
    keys = [
        tiny_key(backbone=name)
        for name in ("timm:a/b", "timm:a:b", "../../x", "timm-a-b", "ä" * 300)
    ]
    assert len({key.slug for key in keys}) == len(keys)
    for key in keys:
        assert "/" not in key.slug and not key.slug.startswith(".") and len(key.slug) < 150
        assert FeatureKey.from_json(key.to_json()) == key


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"backbone": "a"}'])
def test_a_broken_key_file_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        FeatureKey.from_json(text)
