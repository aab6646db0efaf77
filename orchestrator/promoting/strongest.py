"""Which attack a promotion uses: the strongest whose time there is.

Each is tried on a few validation images, with the nets that it will meet; so the choice costs no
look at the test split. How strong one is follows from what it consists of: `ensemble` is the
worst of several, targeted APGD found more than untargeted in its authors' own tables (Croce and
Hein, Reliable evaluation of adversarial robustness, 2020), and either more than plain PGD or FGSM.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
from torch import nn

from trainables.attacks import ATTACKS
from trainables.attacks.base import Attack
from trainables.attacks.making import make_attack
from trainables.attacks.robustness import measure_robustness
from trainables.reports import Progress

STRENGTH = ("ensemble", "apgd_t", "apgd_ce", "pgd", "fgsm")
"""Strongest first; black-box attacks alone (`square`) are for showing masked gradients."""
SEED = 0
"""Of every promotion's attack: the same images meet the same attack whenever it is repeated."""
PROBE_IMAGES = 8


@dataclass(frozen=True)
class ChosenAttack:
    """An attack, and why it and no stronger one.

    Args:
        text: as `--attack` takes it.
        reason: in words; "" where somebody asked for it.
    """

    text: str
    attack: Attack
    reason: str = ""


def choose_attack(
    asked: str | None,
    nets: Sequence[nn.Module],
    images_NHWC: np.ndarray,
    labels_N: np.ndarray,
    eps_255: Sequence[float],
    *,
    count: int,
    seconds: float,
) -> Generator[Progress, None, ChosenAttack]:
    """The one that was asked for, else the strongest that attacks `count` images in `seconds`.

    Args:
        nets: that are to be attacked; the slowest one counts.
        images_NHWC: validation images to try it on; `PROBE_IMAGES` of them are used.
        seconds: for each net. FGSM is taken where even that takes longer.

    Raises:
        UsageError: an attack or an option that there is not.
    """
    if asked is not None:
        return ChosenAttack(asked, make_attack(asked, seed=SEED))
    known = [name for name in STRENGTH if name in ATTACKS]
    for name in known[:-1]:
        attack = make_attack(name, seed=SEED)
        needed = 0.0
        for net in nets:
            yield Progress(f"trying {name}")
            taken = yield from _seconds(
                net, images_NHWC[:PROBE_IMAGES], labels_N[:PROBE_IMAGES], attack, eps_255
            )
            needed = max(needed, taken * count / min(PROBE_IMAGES, len(labels_N)))
        if needed <= seconds:
            reason = f"the strongest whose {count:,} images take less than {seconds:g} s"
            return ChosenAttack(name, attack, f"{reason} (about {needed:.0f} s)")
    name = known[-1]
    reason = f"every stronger one would take longer than {seconds:g} s for {count:,} images"
    return ChosenAttack(name, make_attack(name, seed=SEED), reason)


def _seconds(
    net: nn.Module,
    images_NHWC: np.ndarray,
    labels_N: np.ndarray,
    attack: Attack,
    eps_255: Sequence[float],
) -> Generator[Progress, None, float]:
    began = time.monotonic()
    yield from measure_robustness(
        net, images_NHWC, labels_N, attack, eps_255, provenance={}, examples=0
    )
    return time.monotonic() - began
