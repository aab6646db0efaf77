"""Each check's words for figures that were put in by hand: a row a situation."""

from __future__ import annotations

import re
import socket
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from orchestrator.doctor.cgroup import Limits, read_limits
from orchestrator.doctor.checks import (
    clock,
    cores,
    data,
    disk,
    memory,
    packages,
    ports,
    pytorch,
    weights,
)
from orchestrator.doctor.checks import python as python_check
from orchestrator.doctor.finding import Finding
from orchestrator.doctor.request import DoctorRequest
from orchestrator.run import cluster
from trainables.data import SourceInfo

GIB, MIB = 2**30, 2**20
ROOT = Path(__file__).parents[2]
PLACE = disk.Place("working folder", Path("/w"), "studies", 100 * MIB, 2 * GIB, "cd elsewhere")
STORED = SourceInfo("cifar10", "", present=True)
MISSING = SourceInfo("cifar10", "", present=False)
NEEDED = [Requirement("numpy>=2.0"), Requirement("ray[tune]>=2.54")]

# What was looked at, the level it must have, words that must be there, and what must be advised.
ROWS: dict[str, tuple[Finding, str, str, str]] = {
    "python, this one": (
        python_check.judge(sys.version_info[:2], True), "fine", sys.executable, ""),
    "python, old": (python_check.judge((3, 10), True), "stop", "3.11 or newer", "make PYTHON="),
    "python, 32 bits": (python_check.judge((3, 12), False), "stop", "32 bits", "64 bits"),
    "packages": (
        packages.judge_needed(NEEDED, {"numpy": "2.1", "ray": "2.60"}), "fine", "all 2", ""),
    "packages, old and missing": (
        packages.judge_needed(NEEDED, {"numpy": "1.26"}), "stop",
        "numpy>=2.0 (1.26 is installed), ray[tune]>=2.54 (not installed)",
        "pip install 'numpy>=2.0' 'ray>=2.54'"),
    "versions, as tested": (
        packages.judge_tested({"a": "1"}, {"a": "1"}, ROOT / "c.txt"), "fine", "as tested", ""),
    "versions, others": (
        packages.judge_tested(
            {"a": "1", "b": "2", "gone": "3", "z": "4"},
            {"a": "1.5", "b": "2", "gone": None, "z": "5"}, Path("/r/c.txt"), frozenset({"z"})),
        "note", "2 differ from the tested ones, which stand in brackets: z 5 (4), a 1.5 (1)",
        "pip install -c /r/c.txt -e /r"),
    "no GPU": (pytorch.judge_gpus([], None, ""), "fine", "on the CPU", ""),
    "GPUs": (
        pytorch.judge_gpus([("A100", 80 * GIB)] * 2, "12.8", "570.1"), "fine",
        "A100 (80 GiB), A100 (80 GiB); CUDA 12.8, driver 570.1", ""),
    "a GPU and a CPU build": (
        pytorch.judge_gpus([], None, "570.1"), "note", "CPU build", "pip install"),
    "a GPU that torch cannot see": (
        pytorch.judge_gpus([], "12.8", "570.1"), "note", "sees no GPU", "nvidia-smi"),
    "cores": (cores.judge(8, 8, None, 0.1), "fine", "8 cores", ""),
    "cores, some": (cores.judge(8, 2, None, 0.1), "fine", "2 cores of the machine's 8", ""),
    "cores, a quota": (
        cores.judge(64, 64, 4.5, 0.1), "note", "only 4.5 cores' time", "--concurrency 4"),
    "cores, a quota that does not bind": (cores.judge(4, 2, 3.0, 0.1), "fine", "2 cores", ""),
    "cores, busy": (cores.judge(2, 2, None, 7.0), "note", "load 7.0", "wait"),
    "memory": (memory.judge(64 * GIB, 60 * GIB, 4, container=False), "fine", "60.0 GiB free", ""),
    "memory, too little": (
        memory.judge(2 * GIB, GIB // 2, 2, container=False), "stop", "0.5 GiB free of 2.0", "end"),
    "memory, not for all cores": (
        memory.judge(64 * GIB, 8 * GIB, 64, container=True), "note",
        "8.0 GiB free of the container's 64.0", "--concurrency"),
    "disk": (disk.judge(PLACE, 50 * GIB, ""), "fine", "50.0 GiB free in /w", ""),
    "disk, nearly full": (
        disk.judge(PLACE, GIB, ""), "note", "1.0 GiB free in /w", "make room, or cd elsewhere"),
    "disk, full": (disk.judge(PLACE, 3 * MIB, ""), "stop", "3 MiB free in /w", "make room"),
    "disk, read-only": (
        disk.judge(PLACE, 50 * GIB, "it is read-only"), "stop", "/w (studies): it is read-only",
        "cd elsewhere"),
    "shared memory": (disk.judge_shared(GIB, 256 * MIB), "fine", "1.0 GiB", ""),
    "shared memory, docker's default": (
        disk.judge_shared(64 * MIB, 256 * MIB), "note", "64 MiB free in /dev/shm: Ray wants 256",
        "--shm-size=512m"),
    "weights, all": (weights.judge(["a", "b"], [], ""), "fine", "2 of 2 here (a, b)", ""),
    "weights, some, a hub": (weights.judge(["a"], ["b"], ""), "fine", "1 of 2 here (a)", ""),
    "weights, some, no hub": (
        weights.judge(["a"], ["b"], "timm's hub: refused"), "note", "timm's hub: refused",
        "--weights-dir"),
    "weights, none, no hub": (
        weights.judge([], ["b"], "refused"), "stop", "only nets from scratch", "pip install"),
    "data": (data.judge([STORED]), "fine", "stored: cifar10", ""),
    "data, none": (data.judge([MISSING]), "note", "none stored", "orchestrator data fetch cifar10"),
    "a port": (ports.judge("orchestrator ui", 5000, "", 5000), "fine", "5000 is free", ""),
    "a port, taken": (
        ports.judge("orchestrator ui", 5000, "address already in use", 5003), "fine",
        "5000: address already in use; `orchestrator ui` takes the next free one, now 5003", ""),
    "a clock": (clock.judge(1.8e9, {"the study database": -0.4}), "fine", "agrees with the st", ""),
    "a clock that lags": (
        clock.judge(1.8e9, {"the study database": 90.0}), "note",
        "it is 90 s behind the study database", "set-ntp"),
    "a clock that leads": (
        clock.judge(1.8e9, {"the MLflow server": -7200.0}), "note", "7200 s ahead of the MLflow",
        "set-ntp"),
    "a clock never set": (clock.judge(86_400.0, {}), "note", "1970-01-02", "set-ntp"),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_what_is_said_of(name: str) -> None:
    finding, level, words, do = ROWS[name]
    assert finding.level == level
    assert words in finding.says
    assert (do in finding.do) if do else finding.do == ""


def _write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")


# Own groups, the files of the tree, and the limits that hold.
GROUPS: dict[str, tuple[str, dict[str, str], Limits]] = {
    "version 2, in a container": (
        "0::/", {"cpu.max": "150000 100000", "memory.max": "1000", "memory.current": "300"},
        Limits(1.5, 1000, 300)),
    "version 2, no limits": ("0::/", {"cpu.max": "max 100000", "memory.max": "max"}, Limits()),
    "version 2, a group above is tighter": (
        "0::/a/b",
        {"a/cpu.max": "100000 100000", "a/b/cpu.max": "400000 100000", "a/memory.max": "500",
         "a/memory.current": "20", "a/b/memory.max": "900", "a/b/memory.current": "10"},
        Limits(1.0, 500, 20)),
    "version 1": (
        "4:memory:/docker/x\n1:cpu,cpuacct:/docker/x\n0::/",
        {"cpu/docker/x/cpu.cfs_quota_us": "250000", "cpu/docker/x/cpu.cfs_period_us": "100000",
         "memory/docker/x/memory.limit_in_bytes": "700",
         "memory/docker/x/memory.usage_in_bytes": "70"},
        Limits(2.5, 700, 70)),
    "version 1, its group not mounted": (
        "4:memory:/docker/x", {"memory/memory.limit_in_bytes": "700"}, Limits(None, 700, 0)),
    "version 1, no limits": (
        "4:memory:/\n1:cpu:/",
        {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000",
         "memory/memory.limit_in_bytes": str(2**63 - 4096)}, Limits()),
}  # fmt: skip


@pytest.mark.parametrize("name", GROUPS)
def test_control_groups(name: str, tmp_path: Path) -> None:
    own, files, limits = GROUPS[name]
    _write(tmp_path, {**files, "own": own})
    assert read_limits(tmp_path, tmp_path / "own") == limits


def test_no_control_groups(tmp_path: Path) -> None:
    assert read_limits(tmp_path, tmp_path / "own") == Limits()


def test_constants_are_those_of_whom_they_are_of() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == ">=" + ".".join(map(str, python_check.OLDEST))
    assert disk.OBJECT_STORE == cluster._OBJECT_STORE_BYTES


def test_constraints_are_read_as_pip_reads_them() -> None:
    read = packages.read_constraints(ROOT / "constraints.txt")
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if "==" in line and not line.startswith("#")]
    assert len(read) == len(pins) > 50
    for pin in pins:
        requirement = Requirement(pin)
        assert requirement.specifier.contains(read[requirement.name], prereleases=True)


def test_a_drivers_version_is_read_from_the_kernels_words(tmp_path: Path) -> None:
    place = tmp_path / "version"
    place.write_text("NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.86.10  Thu\nGCC 12")
    assert pytorch.driver_version(place) == "570.86.10"


def test_a_taken_port_names_the_one_that_is_taken_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen(1)
        port = busy.getsockname()[1]
        monkeypatch.setattr(ports, "PORTS", (("orchestrator serve", port),))
        (found,) = ports.look(DoctorRequest())
    assert found.facts == {"port": port, "free": False}
    assert re.search(r"in use; .* takes the next free one, now \d+$", found.says)
    assert int(found.says.split()[-1]) != port


def test_a_full_disk_and_a_read_only_one(mounted) -> None:
    small, sealed = mounted("size=1m"), mounted("ro")
    assert 0 < disk.free_bytes(small) <= MIB
    assert disk.why_not_writable(small) == ""
    with (small / "ballast").open("ab", buffering=0) as file, pytest.raises(OSError):
        while True:
            file.write(bytes(4096))
    assert "No space left" in disk.why_not_writable(small)
    assert disk.why_not_writable(sealed) == "it is read-only"
    assert disk.why_not_writable(sealed / "new" / "one") == f"{sealed} is read-only"
    assert not list(small.glob(".doctor-*"))


def test_a_folder_that_is_to_be_made_is_looked_for_above(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert disk.why_not_writable(tmp_path / "a" / "b") == ""
    assert not (tmp_path / "a").exists()
    assert "is no folder" in disk.why_not_writable(tmp_path / "file" / "b")
    assert disk.free_bytes(tmp_path / "a") == disk.free_bytes(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
