"""Is a net robust, or does it only hide its gradients? A few attacks that must agree.

Runs FGSM over epsilons, PGD with ever more steps, PGD at an epsilon at which any image can be made
grey, and Square, all on the same images, and raises the alarms of `alarms.py`.

Shapes: N images, E epsilons, S numbers of steps.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from trainables.attacks.alarms import (
    Alarm,
    above_chance,
    black_box_wins,
    rises_with_eps,
    rises_with_steps,
    weaker_than_fgsm,
    zero_gradients,
)
from trainables.attacks.base import Attack
from trainables.attacks.fgsm import FGSM
from trainables.attacks.pgd import PGD
from trainables.attacks.robustness import BATCH, Robustness, measure_robustness
from trainables.attacks.score import score_eps_255
from trainables.attacks.square import Square
from trainables.reports import Progress

STEPS = (1, 5, 20)
QUERIES = 300


@dataclass(frozen=True)
class MaskingReport:
    """What the attacks said.

    Args:
        alarms: none for a net whose robust accuracy can be believed as far as this goes.
        figures: accuracies by the attack's label, `zero_gradient_share`, and `count`.
        passes: images forward and backward, together.
    """

    alarms: tuple[Alarm, ...]
    figures: Mapping[str, float]
    passes: int


def look_for_masking(
    model: nn.Module,
    images_NHWC: np.ndarray,
    labels_N: np.ndarray,
    *,
    norm: str = "linf",
    eps_255: float | None = None,
    seed: int = 0,
    queries: int = QUERIES,
    batch_size: int = BATCH,
    device: str | torch.device = "cpu",
) -> Generator[Progress, None, MaskingReport]:
    """Takes at most about `queries` + 100 passes an image, on those that the model has right.

    Args:
        model: images [N, C, H, W] in [0, 1] -> logits [N, K]; left as it was found.
        images_NHWC: uint8; 64 are enough for masking as it is usually met.
        eps_255: at which attacks are compared (8, in L2 128).

    Raises:
        UsageError: no images, or a norm that there is not.
    """
    eps = score_eps_255(norm) if eps_255 is None else eps_255
    grey = _grey_eps_255(norm, images_NHWC)
    one_step = (0, *(eps * factor for factor in (0.25, 0.5, 1, 2)))
    common: dict[str, Any] = {"norm": norm, "seed": seed}
    plan: dict[str, tuple[Attack, tuple[float, ...]]] = {
        "fgsm": (FGSM(**common), one_step),
        **{f"steps {n}": (_from_clean(n, eps, common), (0, eps)) for n in STEPS},
        "pgd": (PGD(steps=max(STEPS), **common), (0, eps)),
        "grey": (_from_clean(max(STEPS), grey, common), (0, grey)),
        "square": (Square(queries=queries, **common), (0, eps)),
    }
    done: dict[str, Robustness] = {}
    for name, (attack, epsilons) in plan.items():
        done[name] = yield from measure_robustness(
            model, images_NHWC, labels_N, attack, epsilons,
            provenance={}, batch_size=batch_size, examples=0, device=device,
        )  # fmt: skip
    classes = _classes(model, images_NHWC, device)
    return MaskingReport(_alarms(done, one_step, grey, classes), _figures(done), _passes(done))


def _from_clean(steps: int, eps_255: float, common: Mapping[str, Any]) -> PGD:
    """From the clean image, so that one step is FGSM; steps as long as they must be to get far."""
    step = eps_255 if steps == 1 else 2.5 * eps_255 / steps
    return PGD(steps=steps, step_255=step, random_start=False, **common)


def _grey_eps_255(norm: str, images_NHWC: np.ndarray) -> float:
    """The distance from the furthest image to a grey one."""
    return 127.5 if norm == "linf" else 127.5 * math.sqrt(math.prod(images_NHWC.shape[1:]))


def _alarms(
    done: Mapping[str, Robustness], eps_255: tuple[float, ...], grey: float, classes: int
) -> tuple[Alarm, ...]:
    clean_N = done["pgd"].right_EN[0]
    if not clean_N.any():
        return ()
    right = {name: each.right_EN[-1][clean_N] for name, each in done.items()}
    fgsm_EN = done["fgsm"].right_EN[:, clean_N]
    at_eps_N = fgsm_EN[-2]  # the grid goes on to twice epsilon
    found = (
        zero_gradients(done["pgd"].curve.provenance["zero_gradient_share"]),
        rises_with_eps(fgsm_EN, eps_255),
        rises_with_steps(np.stack([right[f"steps {n}"] for n in STEPS]), STEPS),
        weaker_than_fgsm(at_eps_N, right["pgd"]),
        black_box_wins(right["pgd"], right["square"]),
        above_chance(right["grey"], classes, grey),
    )
    return tuple(alarm for alarm in found if alarm is not None)


def _figures(done: Mapping[str, Robustness]) -> dict[str, float]:
    named = {
        "fgsm_acc": done["fgsm"].curve.accuracy[-2],
        **{f"pgd{n}_from_clean_acc": done[f"steps {n}"].curve.accuracy[-1] for n in STEPS},
        f"pgd{max(STEPS)}_acc": done["pgd"].curve.accuracy[-1],
        "grey_acc": done["grey"].curve.accuracy[-1],
        "square_acc": done["square"].curve.accuracy[-1],
        "clean_acc": done["pgd"].curve.accuracy[0],
    }
    provenance = done["pgd"].curve.provenance
    share, count = provenance["zero_gradient_share"], float(provenance["count"])
    return {**named, "zero_gradient_share": share, "count": count}


def _passes(done: Mapping[str, Robustness]) -> int:
    each = [robustness.curve.provenance for robustness in done.values()]
    return sum(p["forward_images"] + p["backward_images"] for p in each)


def _classes(model: nn.Module, images_NHWC: np.ndarray, device: str | torch.device) -> int:
    from trainables.attacks.traces import leaving_no_trace

    image = torch.from_numpy(np.ascontiguousarray(images_NHWC[:1])).to(device)
    with leaving_no_trace(model), torch.no_grad():
        logits_1K: torch.Tensor = model(image.permute(0, 3, 1, 2).float() / 255)
    return logits_1K.shape[1]
