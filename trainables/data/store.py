"""The array store: one folder a data set under `home()/data`, made once, then memory-mapped.

It is written under another name, synced, and renamed into place, so that it is there whole or not
at all; a lock lets one process make it while the others wait. What is there is checked against the
sizes in `meta.json` at every load (under 2 ms) and against the digest by `fetch`.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from search_spaces.errors import UnavailableError
from trainables.data.arrays import Stored, read_folder, write_folder
from trainables.data.source import Decoded, Identity, Tell
from trainables.home import HINT, home, home_folder


def find(identity: Identity) -> Stored | None:
    """The stored data of `identity`, or None where it is missing or damaged. Writes nothing."""
    stored = read_folder(home() / "data" / identity.slug)
    if stored is None or (identity.digest and stored.meta["digest"] != identity.digest):
        return None
    return stored


def make(
    identity: Identity, decode: Callable[[Path], Decoded], tell: Tell, *, verify: bool
) -> Stored:
    """The stored data of `identity`, made with `decode(scratch)` unless it is there by now.

    Args:
        verify: read everything and compare the digest; what does not match is made again.

    Raises:
        UnavailableError: the store cannot be written; and whatever `decode` raises.
    """
    root = home_folder("data")
    try:
        with _locked(root / f".{identity.slug}.lock", identity.name, tell):
            _remove(root, f".tmp-{identity.slug}-*")  # of a process that was killed
            stored = find(identity)
            if stored is not None and (not verify or stored.is_as_digested()):
                return stored
            return _write(identity, root, decode, tell)
    except OSError as error:
        tried = [("write", str(error))]
        raise UnavailableError(f"The data store {root}", tried, hint=HINT) from error


@contextlib.contextmanager
def _locked(path: Path, name: str, tell: Tell) -> Iterator[None]:
    """Hold the lock file; the kernel lets go of it when its holder dies, however it dies."""
    from filelock import FileLock, Timeout

    lock = FileLock(path)
    try:
        lock.acquire(timeout=0.2)
    except Timeout:
        tell(f"another process is storing {name}: waiting for it")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _write(identity: Identity, root: Path, decode: Callable[[Path], Decoded], tell: Tell) -> Stored:
    scratch = Path(tempfile.mkdtemp(prefix=f".tmp-{identity.slug}-", dir=root))
    place = root / identity.slug
    try:
        (scratch / "fetched").mkdir()
        decoded = decode(scratch / "fetched")
        tell(f"storing {identity.name} in {place}")
        write_folder(scratch / "made", identity.name, decoded)
        # Who has the old files mapped keeps them: a removed file lives on while it is open.
        if place.exists():
            place.rename(scratch / "damaged")
        (scratch / "made").rename(place)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if identity.family:
        _remove(root, f"{identity.family}*", keep=identity.slug)
    stored = find(identity)
    if stored is None:
        raise OSError(f"what was just written to {place} cannot be read back")
    return stored


def _remove(root: Path, pattern: str, *, keep: str = "") -> None:
    for path in root.glob(pattern):
        if path.name != keep and path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
