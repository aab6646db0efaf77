"""What one trial does: data, splits, backbones, features, head, robustness. No Ray, no MLflow.

    from trainables import TrialConfig, train
    *_, report = train(TrialConfig(data="digits", weights="random"))

Both names are imported when they are first asked for: `train` brings torch.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

# Threads that wait for each other sleep instead of spinning; read by OpenMP when torch is loaded.
# A trial on 2 cores beside one busy process (the one that sends to MLflow, say) took 26 and 17 s
# with spinning, 5.6 and 5.0 s without (n = 2, in turn; torch 2.14.1, AMD EPYC).
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

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
