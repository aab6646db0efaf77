"""Corruptions of images, after CIFAR-10-C. Importing this imports neither torch nor scipy.

Hendrycks and Dietterich, Benchmarking Neural Network Robustness to Common Corruptions and
Perturbations, 2019. To add one: a `Corruption` in one of the files here, and a line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from search_spaces.registry import Registry

if TYPE_CHECKING:
    from trainables.corruptions.corruption import Corruption

CORRUPTIONS: Registry[Corruption] = Registry(
    "corruption",
    {
        "gaussian_noise": "trainables.corruptions.noise:GAUSSIAN_NOISE",
        "shot_noise": "trainables.corruptions.noise:SHOT_NOISE",
        "impulse_noise": "trainables.corruptions.noise:IMPULSE_NOISE",
        "defocus_blur": "trainables.corruptions.blur:DEFOCUS_BLUR",
        "glass_blur": "trainables.corruptions.blur:GLASS_BLUR",
        "motion_blur": "trainables.corruptions.blur:MOTION_BLUR",
        "zoom_blur": "trainables.corruptions.blur:ZOOM_BLUR",
        "snow": "trainables.corruptions.weather:SNOW",
        "fog": "trainables.corruptions.weather:FOG",
        "brightness": "trainables.corruptions.weather:BRIGHTNESS",
        "contrast": "trainables.corruptions.digital:CONTRAST",
        "elastic_transform": "trainables.corruptions.digital:ELASTIC_TRANSFORM",
        "pixelate": "trainables.corruptions.digital:PIXELATE",
        "jpeg_compression": "trainables.corruptions.digital:JPEG_COMPRESSION",
    },
    group="orchestrator.corruptions",
)

SEVERITIES = (1, 2, 3, 4, 5)
