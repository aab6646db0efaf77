"""Counts the cores and GPUs there are, and how many trials they hold at a time."""

from __future__ import annotations

import os

from orchestrator.plan.value import Resources
from orchestrator.request import SearchRequest
from search_spaces.errors import UsageError


def find_resources(request: SearchRequest) -> Resources:
    """What the trials of this request run on.

    Raises:
        UsageError: a trial asks for more than there is.
        UnavailableError: the cluster at `request.address` cannot be reached.
    """
    cpus, gpus = _cluster(request.address) if request.address else _here()
    cpus_per_trial = request.cpus_per_trial or (cpus if request.local else 1.0)
    gpus_per_trial = request.gpus_per_trial
    if gpus_per_trial is None:
        gpus_per_trial = 1.0 if gpus else 0.0
    _check("cpus-per-trial", cpus_per_trial, cpus, "CPU cores")
    _check("gpus-per-trial", gpus_per_trial, gpus, "GPUs", least=0.0)
    room = int(cpus // cpus_per_trial)
    if gpus_per_trial:
        room = min(room, int(gpus // gpus_per_trial + 1e-9))
    return Resources(
        cpus=cpus,
        gpus=gpus,
        cpus_per_trial=cpus_per_trial,
        gpus_per_trial=gpus_per_trial,
        concurrency=1 if request.local else _concurrency(request.concurrency, room),
        address=request.address,
        local=request.local,
    )


def _here() -> tuple[float, float]:
    import torch

    # The scheduler's mask, where the system has one: a container may own fewer cores.
    mask = getattr(os, "sched_getaffinity", None)
    return float(len(mask(0)) if mask else os.cpu_count() or 1), float(torch.cuda.device_count())


def _cluster(address: str) -> tuple[float, float]:
    from orchestrator.run.cluster import cluster

    with cluster(address, cpus=1):
        import ray

        there = ray.cluster_resources()
    return there.get("CPU", 0.0), there.get("GPU", 0.0)


def _check(option: str, asked: float, there: float, what: str, least: float = 1e-3) -> None:
    if least <= asked <= there:
        return
    hint = f"The nearest valid value is {min(max(asked, least), there):g}."
    rule = f"--{option} must lie between {least:g} and the {there:g} {what} there are."
    raise UsageError(rule, got=asked, hint=hint)


def _concurrency(asked: int | None, room: int) -> int:
    if asked is not None and asked < 1:
        raise UsageError("--concurrency must be at least 1.", got=asked)
    return max(1, min(asked or room, room))
