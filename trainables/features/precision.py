"""`settle_precision`: in which arithmetic the frozen body runs."""

from __future__ import annotations

from pathlib import Path
from typing import cast, get_args

from search_spaces.errors import UsageError
from trainables.features.key import Precision

# Processors that multiply bfloat16 pairs in hardware, as Linux and `torch.cpu` spell it. Without
# either, oneDNN emulates bfloat16 (and `_is_mkldnn_bf16_supported` says True all the same).
_BFLOAT16_FLAGS = ("avx512_bf16", "amx_bf16")


def settle_precision(requested: str, device: str = "cpu") -> Precision:
    """The arithmetic for `requested` ("auto", "float32" or "bfloat16") on `device`.

    "auto" is bfloat16 (under autocast) where the processor or the GPU has it in hardware.

    Raises:
        UsageError: a precision that there is not.
    """
    if requested == "auto":
        return "bfloat16" if _has_bfloat16(device) else "float32"
    if requested not in get_args(Precision):
        rule = f"Precision is one of auto, {', '.join(get_args(Precision))}."
        raise UsageError(rule, got=requested)
    return cast(Precision, requested)


def _has_bfloat16(device: str) -> bool:
    if device.split(":")[0] != "cuda":
        return bool(_cpu_flags() & set(_BFLOAT16_FLAGS))
    import torch

    return torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False)


def _cpu_flags() -> set[str]:
    """Read from Linux, which takes no torch; elsewhere asked of torch."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    for line in lines:
        if line.startswith("flags"):
            return set(line.partition(":")[2].split())
    import torch

    ask = getattr(torch.cpu, "get_capabilities", None)  # not in torch 2.9
    return {name for name, there in ask().items() if there is True} if ask else set()
