"""`settle_precision`: in which arithmetic the frozen body runs.

What decided that "auto" is bfloat16 where the hardware has it (benchmarks/feature_precision.py;
AMD EPYC with avx512_bf16 and no AMX, torch 2.14.1, one thread, CPU seconds on a busy machine,
batch 32, CIFAR-10 training images resized to 128 px, resizing included):

    images/s, median of 7 (spread)          tf_efficientnet_lite0    tf_efficientnet_lite2
    float32                                  73 (51 to 81)            49 (38 to 57)
    float32 channels_last                   114 (75 to 114)           64 (54 to 70)
    bfloat16 channels_last                  246 (130 to 278)         161 (123 to 195)
    the same, BatchNorm folded (Extractor)  287 (209 to 328) x 3.9   173 (151 to 227) x 3.5

    accuracy of a linear probe, 1,000 labels, 1,500 held out, 10 splits, bfloat16 minus float32,
    paired, points, mean ± standard error:   +0.09 ± 0.07 (of 80.8)   +0.07 ± 0.12 (of 83.8)
"""

from __future__ import annotations

from pathlib import Path
from typing import cast, get_args

from search_spaces.errors import UsageError
from trainables.features.key import Precision

# Processors that multiply bfloat16 pairs in hardware, as Linux and `torch.cpu` spell it. Without
# either, oneDNN emulates bfloat16 (and `_is_mkldnn_bf16_supported` says True all the same).
_BFLOAT16_FLAGS = ("avx512_bf16", "amx_bf16")


def settle_precision(requested: str, device: str = "cpu") -> Precision:
    """The arithmetic for `requested` ("auto" or one of `Precision`) on `device`.

    "auto" is bfloat16 (under autocast) where the processor or the GPU has it in hardware.

    Raises:
        UsageError: a precision that there is not; float16 on a CPU.
    """
    if requested == "auto":
        return "bfloat16" if _has_bfloat16(device) else "float32"
    if requested not in get_args(Precision):
        rule = f"Precision is one of auto, {', '.join(get_args(Precision))}."
        raise UsageError(rule, got=requested)
    if requested == "float16" and device.split(":")[0] != "cuda":
        rule = "float16 is for GPUs; a CPU that multiplies 16-bit numbers takes bfloat16."
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
