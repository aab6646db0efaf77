"""Named policies: which operations, in which order, how often.

Shapes: mean_C is the data's mean colour in [0, 1], one value a channel or one for all.
"""

from __future__ import annotations

from collections.abc import Sequence

from trainables.augment.affine import Affine
from trainables.augment.base import Sequential
from trainables.augment.crop import PadCrop
from trainables.augment.cutout import Cutout
from trainables.augment.flip import AlternatingFlip, RandomFlip
from trainables.augment.jitter import ColourJitter
from trainables.augment.rand_augment import RandAugment
from trainables.augment.rotation import Rotation

GREY = (0.5,)


def none(mean_C: Sequence[float] = GREY) -> Sequential:  # noqa: ARG001
    """The images as they are."""
    return Sequential()


def flip_crop(mean_C: Sequence[float] = GREY) -> Sequential:  # noqa: ARG001
    """The usual one for 32 px: flip half, shift all by up to 4 pixels (reference D)."""
    return Sequential((PadCrop(4), RandomFlip(p=0.5)))


def alternating_flip_crop(mean_C: Sequence[float] = GREY) -> Sequential:  # noqa: ARG001
    """Of short runs: each image flipped in every second epoch, all shifted by up to 2 pixels
    (airbench94; Jordan, 2024)."""
    return Sequential((PadCrop(2), AlternatingFlip()))


def flip_crop_cutout(mean_C: Sequence[float] = GREY) -> Sequential:
    """Reference B: half of the images cropped, half flipped, half cut out by 8 x 8 pixels."""
    cutout = Cutout(8, tuple(mean_C), p=0.5)
    return Sequential((PadCrop(4, p=0.5), RandomFlip(p=0.5), cutout))


def jitter_rotate_flip(mean_C: Sequence[float] = GREY) -> Sequential:
    """Reference A, which names the operations but not how strong they are: that is ours."""
    jitter = ColourJitter(brightness=0.2, contrast=0.2, saturation=0.2, hue=0.02, p=0.8)
    rotation = Rotation((-15.0, 15.0), tuple(mean_C), p=0.8)
    return Sequential((jitter, rotation, RandomFlip(p=0.5)))


def affine(mean_C: Sequence[float] = GREY) -> Sequential:
    """Reference D's question of what lies beyond translation: turned, scaled, sheared as well."""
    small = Affine(
        degrees=(-10.0, 10.0), scale=(0.9, 1.1), shear=(-8.0, 8.0), translate=(-0.1, 0.1),
        mean_C=tuple(mean_C), p=0.8,
    )  # fmt: skip
    return Sequential((small, RandomFlip(p=0.5)))


def strong(mean_C: Sequence[float] = GREY) -> Sequential:
    """RandAugment, then what reference B does, to every image."""
    colour = tuple(mean_C)
    return Sequential(
        (RandAugment(mean_C=colour), PadCrop(4), RandomFlip(p=0.5), Cutout(8, colour))
    )
