"""Signs that an attack is broken, or that a net hides its gradients, rather than being robust.

Athalye, Carlini and Wagner, Obfuscated Gradients Give a False Sense of Security, 2018, section 3;
Carlini et al., On Evaluating Adversarial Robustness, 2019, section 5. Each sign is a function of
verdicts image by image, so that a change is told from noise by a sign test on the same images.

Shapes: N images, E epsilons and S numbers of steps, ascending. `right`: the net has it right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

# Some exact zeros are ordinary: pixels that a stride leaves out (12 % in a small net of the tests),
# or that lie under dead ReLUs.
ZERO_SHARE_LIMIT = 0.25
# Of the images, those that a black-box attack may break where the white-box one failed: PGD misses
# a few that a longer attack finds; gradients that lead nowhere miss far more.
BLACK_BOX_LIMIT = 0.05
_LEAST_IMAGES = 3
_LEVEL = 0.01


@dataclass(frozen=True)
class Alarm:
    """One sign.

    Args:
        name: `zero_gradients`, `rises_with_eps`, `rises_with_steps`, `weaker_than_fgsm`,
            `black_box_wins` or `above_chance`; at a promotion `transfer_wins` as well.
        figure: the share of images or pixels that it is about.
        words: what a person should know, in a sentence or two.
    """

    name: str
    figure: float
    words: str


def zero_gradients(share: float) -> Alarm | None:
    """More exactly zero gradients than strides and dead ReLUs explain."""
    if share <= ZERO_SHARE_LIMIT:
        return None
    words = (
        f"{share:.0%} of the gradient's pixels are exactly zero: the gradients may be masked, and "
        "an attack that follows them attacks nothing."
    )
    return Alarm("zero_gradients", share, words)


def rises_with_eps(right_EN: np.ndarray, eps_255: Sequence[float]) -> Alarm | None:
    """The first epsilon after which more images are right than before, beyond chance."""
    found = _first_rise(right_EN)
    if found is None:
        return None
    words = (
        f"Accuracy rises from eps {eps_255[found]:g}/255 to {eps_255[found + 1]:g}/255 by more "
        "than noise: one step of that length overshoots, or the gradients are masked."
    )
    return Alarm("rises_with_eps", _rise(right_EN[found], right_EN[found + 1]), words)


def rises_with_steps(right_SN: np.ndarray, steps: Sequence[int]) -> Alarm | None:
    """The first number of steps with which fewer images break than with less steps."""
    found = _first_rise(right_SN)
    if found is None:
        return None
    words = (
        f"PGD breaks fewer images in {steps[found + 1]} steps than in {steps[found]}, by more than "
        "noise: gradients away from the clean image lead nowhere."
    )
    return Alarm("rises_with_steps", _rise(right_SN[found], right_SN[found + 1]), words)


def weaker_than_fgsm(fgsm_right_N: np.ndarray, pgd_right_N: np.ndarray) -> Alarm | None:
    """Many steps break fewer images than one, beyond chance."""
    if _first_rise(np.stack([fgsm_right_N, pgd_right_N])) is None:
        return None
    words = (
        f"PGD leaves {pgd_right_N.mean():.0%} of the images right and FGSM only "
        f"{fgsm_right_N.mean():.0%}: the attack with many steps is broken, or gradients away from "
        "the clean image are masked."
    )
    return Alarm("weaker_than_fgsm", _rise(fgsm_right_N, pgd_right_N), words)


def black_box_wins(white_right_N: np.ndarray, black_right_N: np.ndarray) -> Alarm | None:
    """An attack without gradients breaks images that the one with gradients could not."""
    only_N = white_right_N & ~black_right_N
    share = float(only_N.mean())
    if share <= BLACK_BOX_LIMIT or only_N.sum() < _LEAST_IMAGES:
        return None
    words = (
        f"A black-box attack breaks {share:.0%} of the images that the white-box attack left "
        "standing or never reached: the gradients are masked, and accuracy under the white-box "
        "attack is too high."
    )
    return Alarm("black_box_wins", share, words)


def above_chance(right_N: np.ndarray, classes: int, eps_255: float) -> Alarm | None:
    """At an epsilon at which every image can be made the same, more is right than by guessing."""
    from scipy.stats import binomtest  # scipy.stats: 0.5 s

    right, count = int(right_N.sum()), len(right_N)
    if count == 0 or binomtest(right, count, 1 / classes, alternative="greater").pvalue >= _LEVEL:
        return None
    words = (
        f"At eps {eps_255:.4g}/255 any image can be made grey, and still {right / count:.0%} are "
        f"right, where guessing gives {1 / classes:.0%}: the attack does not work on this net."
    )
    return Alarm("above_chance", right / count, words)


def _first_rise(right_EN: np.ndarray) -> int | None:
    """Index of the first row after which more images turn right than wrong, beyond chance."""
    from trainables.evaluation.intervals import rises_beyond_noise  # scipy.stats: 0.5 s

    for e, (before_N, after_N) in enumerate(pairwise(right_EN)):
        gained, lost = int((after_N & ~before_N).sum()), int((before_N & ~after_N).sum())
        if gained > lost and rises_beyond_noise(gained, lost, level=_LEVEL):
            return e
    return None


def _rise(before_N: np.ndarray, after_N: np.ndarray) -> float:
    return float(after_N.mean() - before_N.mean())
