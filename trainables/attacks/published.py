"""AutoAttack as its authors publish it: APGD-CE, APGD-T, FAB-T and Square, standard settings.

Croce and Hein, 2020; run by their package `pyautoattack`, which comes with the extra `attacks`.
Shapes: N images, C H W channels and pixels, K classes.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import torch
from torch import nn

from search_spaces.errors import UnavailableError, UsageError
from trainables.attacks.base import Attack

_PACKAGE = "pyautoattack"
_NORMS = {"linf": "Linf", "l2": "L2"}
LEAST_CLASSES = 4  # its ratio of logits has no value with fewer


@dataclass(frozen=True, kw_only=True)
class PublishedAutoAttack(Attack):
    """The standard version, for any number of classes from 4 up.

    Raises:
        UnavailableError: the extra is not installed.
    """

    name = "autoattack"

    def __post_init__(self) -> None:
        super().__post_init__()
        if importlib.util.find_spec(_PACKAGE) is None:
            tried = [(f"import {_PACKAGE}", "it is not installed")]
            hint = "Install it: pip install 'orchestrator[attacks]'. `ensemble` needs nothing."
            raise UnavailableError("The attack autoattack", tried, hint=hint)

    def __call__(
        self, model: nn.Module, images01_NCHW: torch.Tensor, labels_N: torch.Tensor, eps: float
    ) -> torch.Tensor:
        from pyautoattack import AutoAttack

        images01_NCHW = images01_NCHW.contiguous()
        attack = AutoAttack(
            _Contiguous(model),
            eps=eps,
            norm=_NORMS[self.norm],
            seed=self.seed,
            device=images01_NCHW.device,
        )
        with torch.no_grad():
            classes = model(images01_NCHW[:1]).shape[1]
        if classes < LEAST_CLASSES:
            rule = f"autoattack needs {LEAST_CLASSES} classes or more."
            raise UsageError(rule, got=classes, hint="`ensemble` takes any number.")
        attack.apgd_targeted.n_target_classes = attack.fab.n_target_classes = min(9, classes - 1)
        attacked_NCHW, _ = attack.run_standard_evaluation(
            images01_NCHW, labels_N, batch_size=len(labels_N)
        )
        return attacked_NCHW.detach().clamp(0, 1)

    def describe(self) -> dict[str, Any]:
        return {**super().describe(), "library": f"{_PACKAGE} {version(_PACKAGE)}"}


class _Contiguous(nn.Module):
    """Images and their gradients in plain layout: the package takes views of both."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, images01_NCHW: torch.Tensor) -> torch.Tensor:
        """[N, C, H, W] -> [N, K]."""
        flat = images01_NCHW.reshape(len(images01_NCHW), -1)
        logits_NK: torch.Tensor = self.model(flat.reshape(images01_NCHW.shape))
        return logits_NK
