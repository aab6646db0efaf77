"""Noise: of a dark scene, of counted photons, of broken pixels.

Levels are CIFAR-10-C's. Shapes: H W C an image.
"""

from __future__ import annotations

import numpy as np

from trainables.corruptions.corruption import Corruption


def _gaussian(image_HWC: np.ndarray, std: float, rng: np.random.Generator) -> np.ndarray:
    """Standard deviation in units of the pixel range."""
    return image_HWC + rng.normal(scale=std, size=image_HWC.shape)


def _shot(image_HWC: np.ndarray, photons: float, rng: np.random.Generator) -> np.ndarray:
    """`photons` are counted where a pixel is white."""
    return rng.poisson(image_HWC * photons) / photons


def _impulse(image_HWC: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """A share of all values becomes 0 or 1, each half of the time."""
    hit = rng.random(image_HWC.shape) < share
    return np.where(hit, rng.random(image_HWC.shape) < 0.5, image_HWC)


GAUSSIAN_NOISE = Corruption("gaussian_noise", "noise", (0.04, 0.06, 0.08, 0.09, 0.10), _gaussian)
SHOT_NOISE = Corruption("shot_noise", "noise", (500, 250, 100, 75, 50), _shot)
IMPULSE_NOISE = Corruption("impulse_noise", "noise", (0.01, 0.02, 0.03, 0.05, 0.07), _impulse)
