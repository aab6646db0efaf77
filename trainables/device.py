"""Which device a trial runs on."""

from __future__ import annotations


def resolve_device(asked: str) -> str:
    """`auto` is `cuda` where torch sees a GPU (under Ray: the trial's own), else `cpu`."""
    if asked != "auto":
        return asked
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"
