"""torch: imports, computes, and what of this machine it uses."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from orchestrator.doctor.bounded import Check
from orchestrator.doctor.finding import Finding, fine, note, stop
from orchestrator.doctor.request import DoctorRequest

_GIB = 2**30


def look(request: DoctorRequest) -> Iterator[Finding]:
    """A line for torch, one for the processor's arithmetic, one for GPUs."""
    del request
    try:
        import torch
    except Exception as error:  # a missing library of the system is an OSError or an ImportError
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        do = "pip install --force-reinstall torch torchvision"
        yield stop("torch", f"cannot be imported: {reason[:200]}", do)
        return
    product = float((torch.ones(8, 8) @ torch.ones(8, 8)).sum())
    if product != 512.0:
        yield stop("torch", f"1s times 1s gives {product:g}", "pip install --force-reinstall torch")
    threads = torch.get_num_threads()
    yield fine("torch", f"{torch.__version__}, {_threads(threads)}", threads=threads)
    yield _arithmetic()
    yield judge_gpus(_gpus(), torch.version.cuda, driver_version())


def _arithmetic() -> Finding:
    from trainables.features.precision import settle_precision

    if settle_precision("auto", "cpu") == "bfloat16":
        amx = "amx_bf16" in _cpu_flags()
        unit = "AMX tiles" if amx else "AVX-512 BF16"
        return fine("arithmetic", f"bfloat16 in hardware ({unit}), taken for bodies", bfloat16=True)
    says = "float32: this processor has no bfloat16 in hardware; bodies run slower for it"
    return note("arithmetic", says, bfloat16=False)


def _cpu_flags() -> set[str]:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return set()
    return next((set(each.split()) for each in lines if each.startswith("flags")), set())


def _gpus() -> list[tuple[str, int]]:
    """Name and bytes of each that torch can use."""
    import torch

    if not torch.cuda.is_available():
        return []
    each = (torch.cuda.get_device_properties(i) for i in range(torch.cuda.device_count()))
    return [(gpu.name, gpu.total_memory) for gpu in each]


def driver_version(place: Path = Path("/proc/driver/nvidia/version")) -> str:
    """That of NVIDIA's kernel driver; "there" where only its tool tells of it; "" without one."""
    try:
        words = place.read_text().split()
    except OSError:
        return "there" if shutil.which("nvidia-smi") else ""
    versions = [word for word in words if word[:1].isdigit() and "." in word]
    return versions[0] if versions else "there"


def judge_gpus(gpus: list[tuple[str, int]], cuda: str | None, driver: str) -> Finding:
    """What to say of GPUs.

    Args:
        gpus: that torch can use.
        cuda: version that torch was built for; None for a CPU build.
        driver: NVIDIA's; "" without one.
    """
    facts: dict[str, Any] = {"gpus": len(gpus), "cuda": cuda, "driver": driver}
    if gpus:
        words = ", ".join(f"{name} ({size / _GIB:.0f} GiB)" for name, size in gpus)
        return fine("GPUs", f"{words}; CUDA {cuda}, driver {driver or 'unknown'}", **facts)
    if not driver:
        return fine("GPUs", "none; trials run on the CPU", **facts)
    if cuda is None:
        says = f"there is an NVIDIA driver ({driver}), but this torch is a CPU build"
        return note("GPUs", says, "pip install --force-reinstall torch torchvision", **facts)
    says = f"there is an NVIDIA driver ({driver}), but torch (CUDA {cuda}) sees no GPU"
    return note("GPUs", says, "look at nvidia-smi and CUDA_VISIBLE_DEVICES", **facts)


def _threads(number: int) -> str:
    return "1 thread" if number == 1 else f"{number} threads"


CHECK = Check(look, seconds=60.0)  # the first import of torch from a cold disk
