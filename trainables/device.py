"""Which device a trial runs on."""

from __future__ import annotations

from search_spaces.errors import UsageError


def resolve_device(asked: str) -> str:
    """`auto` is `cuda` where torch sees a GPU (under Ray: the trial's own), else `cpu`.

    Raises:
        UsageError: not a device, or a GPU where there is none.
    """
    if asked.split(":")[0] not in ("auto", "cpu", "cuda"):
        raise UsageError("A device is auto, cpu, cuda or cuda:N.", got=asked)
    if asked == "cpu":
        return asked
    import torch

    if torch.cuda.is_available():
        return "cuda" if asked == "auto" else asked
    if asked != "auto":
        raise UsageError("There is no GPU that torch can use here.", got=asked)
    return "cpu"
