"""What one trial does: data, splits, backbones, features, head, robustness. No Ray, no MLflow.

    from trainables import TrialConfig, train
    *_, report = train(TrialConfig(data="digits", weights="random"))

Both names are imported when they are first asked for: `train` brings torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trainables.config import TrialConfig
    from trainables.trial import train

__all__ = ["TrialConfig", "train"]

_LAZY = {"TrialConfig": "trainables.config", "train": "trainables.trial"}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_LAZY[name]), name)
