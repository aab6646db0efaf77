"""The second rung of a trial: a stronger attack at 8/255 on what the first one left standing.

One step is enough to compare nets that were trained on clean images, but it flatters them: Madry et
al. (Towards Deep Learning Models Resistant to Adversarial Attacks, 2018) take many. Images that
are broken stay broken, so the second figure is never above the first, and it costs little where
the first attack left little.

Shapes: N images, S of them that still stand, H W C an image, E epsilons.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import nn

from search_spaces.errors import UsageError
from trainables.attacks import AUTO_ATTACK, NO_ATTACK
from trainables.attacks.base import Attack
from trainables.attacks.making import attack_as_typed, make_attack
from trainables.attacks.robustness import BATCH, Robustness, measure_robustness
from trainables.attacks.score import score_eps_255
from trainables.reports import Progress, RobustnessCurve


def second_as_typed(text: str, first: str) -> str:
    """`text` in the one way of writing it.

    Args:
        text: `auto`, `none`, or an attack as people type it.
        first: the attack that comes before it; `none` where there is none.

    Raises:
        UsageError: one of the two is no attack, or they do not go together.
        UnavailableError: what one of them needs is not installed.
    """
    before = None if first == NO_ATTACK else make_attack(first)
    if text in (AUTO_ATTACK, NO_ATTACK):
        return text
    if before is None:
        rule = "A second attack meets what the first one left standing, and there is no first one."
        raise UsageError(rule, got=text, hint="Leave out second_attack, or set attack, too.")
    made = make_attack(text)
    if made.norm != before.norm:
        rule = f"The second attack is in the norm of the first one, {before.norm}."
        raise UsageError(rule, got=text, hint=f"Add norm={before.norm} to it.")
    if made.label == before.label:
        rule = f"The figures of both attacks would be called {made.label}_acc."
        raise UsageError(rule, got=text, hint="Take another number of steps, or another attack.")
    return attack_as_typed(text)


def second_attack(text: str, first: Attack, *, passes: int) -> Attack | None:
    """The attack that `text` asks for; None where there is none.

    `auto` is PGD in 10 steps after `fgsm`, within as many passes as that has taken.

    Args:
        passes: through the net, forward and backward, that the first one took.
    """
    if text == AUTO_ATTACK:
        if first.name != "fgsm":
            return None
        made = make_attack(f"pgd:norm={first.norm}", seed=first.seed)
        return replace(made, max_passes=max(1, passes))
    return None if text == NO_ATTACK else make_attack(text, seed=first.seed)


def attack_standing(
    model: nn.Module,
    images_NHWC: np.ndarray,
    labels_N: np.ndarray,
    found: Robustness,
    attack: Attack | None,
    *,
    provenance: Mapping[str, Any],
    batch_size: int = BATCH,
    device: str | torch.device = "cpu",
) -> Generator[Progress, None, RobustnessCurve | None]:
    """Accuracy at epsilon 0 and 8/255 (L2: 128/255) after both attacks.

    Where the attack's limit ends it early, what it did to the images it came to stands for all
    that stood.

    Args:
        images_NHWC: those that `found` is of, in its order, and any number more.
        found: of the first attack, on the same model.
        provenance: what the caller knows, as for `measure_robustness`.

    Returns:
        None where there is no second attack, or 8/255 is not among the first one's epsilons.
    """
    if attack is None or score_eps_255(attack.norm) not in found.curve.eps_255:
        return None
    eps = score_eps_255(attack.norm)
    right_EN = found.right_EN[: found.curve.eps_255.index(eps) + 1]
    rows_S = np.flatnonzero(right_EN.all(axis=0))
    first = str(found.curve.provenance["attack"])
    known = {**provenance, "after": first, "standing": len(rows_S)}
    if not len(rows_S):
        return _curve(found, eps, 0.0, {**attack.describe(), **known, **_NO_PASSES})
    second = yield from measure_robustness(
        model,
        images_NHWC[rows_S],
        labels_N[rows_S],
        attack,
        (0.0, eps),
        provenance=known,
        batch_size=batch_size,
        examples=0,
        device=device,
    )
    share = second.curve.worst_case[-1] * len(rows_S) / found.curve.count
    return _curve(found, eps, share, second.curve.provenance)


_NO_PASSES = {"forward_images": 0, "backward_images": 0}


def _curve(
    found: Robustness, eps: float, share: float, provenance: Mapping[str, Any]
) -> RobustnessCurve:
    left = (found.curve.worst_case[0], share)
    return RobustnessCurve((0.0, eps), left, left, found.curve.count, provenance)


def second_metrics(curve: RobustnessCurve) -> dict[str, float]:
    """`pgd10_acc`, after the attack's own label, and `second_acc`, whatever the attack.

    The passes are those of this attack alone.
    """
    held = curve.provenance
    return {
        f"{held['attack']}_acc": curve.worst_case[-1],
        "second_acc": curve.worst_case[-1],
        "second_passes": float(held["forward_images"] + held["backward_images"]),
    }
