"""Augmentation of whole batches on their device. Importing this imports no torch.

A policy is a sequence of operations, chosen by name. To add an operation: a `PerImage` in a file of
its own; to add a policy: a function in `policies.py` or a package of yours, and a line here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from search_spaces.registry import Registry

if TYPE_CHECKING:
    from trainables.augment.base import MakesPolicy

POLICIES: Registry[MakesPolicy] = Registry(
    "augmentation policy",
    {
        "none": "trainables.augment.policies:none",
        "flip_crop": "trainables.augment.policies:flip_crop",
        "flip_crop_cutout": "trainables.augment.policies:flip_crop_cutout",
        "jitter_rotate_flip": "trainables.augment.policies:jitter_rotate_flip",
        "affine": "trainables.augment.policies:affine",
        "alternating_flip_crop": "trainables.augment.policies:alternating_flip_crop",
        "strong": "trainables.augment.policies:strong",
    },
    group="orchestrator.augmentations",
)
