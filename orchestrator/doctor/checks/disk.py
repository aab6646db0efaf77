"""Room and permission to write, wherever a search writes."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.doctor.bounded import Check
from orchestrator.doctor.finding import Finding, fine, note, stop
from orchestrator.doctor.request import DoctorRequest
from trainables.home import home

_MIB, _GIB = 2**20, 2**30
OBJECT_STORE = 256 * _MIB
"""What a search gives Ray for its object store: orchestrator/run/cluster.py (a test compares)."""


@dataclass(frozen=True)
class Place:
    """A folder that a search writes to.

    Args:
        use: what for, in words.
        need: bytes without which a search would not get far.
        comfort: bytes with which nobody need think of it.
        elsewhere: how to take another folder.
    """

    subject: str
    path: Path
    use: str
    need: int
    comfort: int
    elsewhere: str


def places() -> tuple[Place, ...]:
    """The working folder, the cache, the temporary folder."""
    return (
        # A trial leaves about 1 MB; a parent's models and pictures some 100 MB.
        Place(
            *("working folder", Path.cwd(), "studies, runs and trials", 100 * _MIB, 2 * _GIB),
            elsewhere="cd to a folder that can be written to",
        ),
        # CIFAR-10 is 184 MB stored, and as much again while it is made; weights 20 to 550 MB.
        Place(
            *("cache folder", home(), "data, features and weights", 500 * _MIB, 5 * _GIB),
            elsewhere="export ORCHESTRATOR_HOME=FOLDER",
        ),
        Place(
            *("temporary folder", Path(tempfile.gettempdir()), "Ray's logs", 100 * _MIB, _GIB),
            elsewhere="export TMPDIR=FOLDER RAY_TMPDIR=FOLDER",
        ),
    )


def look(request: DoctorRequest) -> Iterator[Finding]:
    """A line for each place, and one for the memory that Ray's processes share."""
    del request
    for place in places():
        yield judge(place, free_bytes(place.path), why_not_writable(place.path))
    shared = Path("/dev/shm")
    if shared.is_dir():
        yield judge_shared(free_bytes(shared), OBJECT_STORE)


def judge(place: Place, free: int, problem: str) -> Finding:
    """What to say of a place.

    Args:
        free: bytes.
        problem: why it cannot be written, in words; "" where it can.
    """
    facts: dict[str, Any] = {"path": str(place.path), "free": free, "writable": not problem}
    if problem:
        return stop(
            place.subject, f"{place.path} ({place.use}): {problem}", place.elsewhere, **facts
        )
    words = f"{_size(free)} free in {place.path}"
    if free < place.need:
        says = f"{words}, for {place.use}: less than the {_size(place.need)} that a search may need"
        do = f"make room, or {place.elsewhere}"
        return stop(place.subject, says, do, **facts)
    if free < place.comfort:
        is_cache = place.subject == "cache folder"
        do = "orchestrator cache empty" if is_cache else f"make room, or {place.elsewhere}"
        return note(place.subject, f"{words}, for {place.use}: not much", do, **facts)
    return fine(place.subject, words, **facts)


def judge_shared(free: int, wanted: int) -> Finding:
    """What to say of `/dev/shm`, where Ray keeps what its processes share.

    Source: ray/_private/services.py, determine_plasma_store_config (2.60): where it is too small
    for the object store, a file in the temporary folder takes its place, which is slower.
    """
    facts: dict[str, Any] = {"path": "/dev/shm", "free": free}
    words = f"{_size(free)} free in /dev/shm"
    if free >= wanted:
        return fine("shared memory", words, **facts)
    says = f"{words}: Ray wants {_size(wanted)} and takes the temporary folder, which is slower"
    return note("shared memory", says, f"docker run --shm-size={2 * wanted // _MIB}m ...", **facts)


def free_bytes(path: Path) -> int:
    """Room for this user on the disk of `path`, or of the nearest folder above that there is."""
    return shutil.disk_usage(_nearest(path)).free


def why_not_writable(path: Path) -> str:
    """Why no file can be made in `path` (or where it is to be made), in words; "" where one can."""
    folder = _nearest(path)
    if not folder.is_dir():
        return f"{folder} is no folder"
    if not os.access(folder, os.W_OK | os.X_OK):
        return "it is read-only" if folder == path else f"{folder} is read-only"
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as file:
            file.write(bytes(4096))
            file.flush()
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _nearest(path: Path) -> Path:
    return next(each for each in (path, *path.parents) if each.exists())


def _size(size: int) -> str:
    return f"{size / _GIB:.1f} GiB" if size >= _GIB else f"{size / _MIB:.0f} MiB"


CHECK = Check(look)
