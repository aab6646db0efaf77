"""How a weights file comes from a hub: whole and checked, or not at all."""

from __future__ import annotations

import hashlib
import os
import re
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock

from trainables.home import home_folder

Progress = Callable[[str], None]

CHUNK = 1 << 20  # bytes read at a time
STALL_SECONDS = 30.0  # a download that brings nothing for so long is given up
_NAME_HASH = re.compile(r"-([0-9a-f]{8,64})\.[^.]+$")


def stated_hash(file_name: str) -> str | None:
    """The SHA-256 prefix a file's name states, as torch.hub writes them: `vgg16-397923af.pth`."""
    match = _NAME_HASH.search(file_name)
    return match.group(1) if match else None


@dataclass(frozen=True)
class UrlHub:
    """One file at one address, kept under `home()/weights`.

    Args:
        library: whose hub this is, for `hub_reachable`.
        file: the file's name; a hash in it is checked.
        url: gives the address; called when something is to be downloaded, since it imports torch.
    """

    library: str
    file: str
    url: Callable[[], str] = field(repr=False)

    def cached(self) -> Path | None:
        """Nothing beyond `home()/weights`, where `find_weights` looks anyway."""
        return None

    def download(self, progress: Progress | None) -> Path:
        """Brings the file, whole or not at all; two processes bring it once.

        Raises:
            OSError: it did not come, or its SHA-256 is not the one in its name.
        """
        target = home_folder("weights") / self.file
        with FileLock(target.with_name(f".{self.file}.lock")):
            if not target.exists():
                _fetch(self.url(), target, progress)
        return target


def _fetch(url: str, target: Path, progress: Progress | None) -> None:
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        digest = _stream(url, part, target.name, progress)
        stated = stated_hash(target.name)
        if stated and not digest.startswith(stated):
            raise OSError(f"what came has SHA-256 {digest[:8]}…, not {stated}")
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _stream(url: str, part: Path, name: str, progress: Progress | None) -> str:
    """Copies `url` to `part` and gives its SHA-256; a progress line about once a second."""
    sha256, done, spoken = hashlib.sha256(), 0, time.monotonic()
    with urllib.request.urlopen(url, timeout=STALL_SECONDS) as answer, part.open("wb") as file:
        total = int(answer.headers.get("Content-Length") or 0)
        while chunk := answer.read(CHUNK):
            file.write(chunk)
            sha256.update(chunk)
            done += len(chunk)
            if progress and time.monotonic() - spoken >= 1:
                spoken = time.monotonic()
                of_all = f" of {total / 1e6:.0f}" if total else ""
                progress(f"downloading {name}: {done / 1e6:.0f}{of_all} MB")
        if total and done != total:
            raise OSError(f"the connection ended after {done} of {total} bytes")
    return sha256.hexdigest()


@dataclass(frozen=True)
class TimmHub:
    """timm's own hub, through huggingface_hub and in its cache.

    Args:
        repo: the repository's id there, `timm/NAME.TAG`.
        file: a file name other than the usual ones.
    """

    repo: str
    file: str | None = None
    library: str = "timm"

    @property
    def _files(self) -> tuple[str, ...]:
        return (self.file,) if self.file else ("model.safetensors", "pytorch_model.bin")

    def cached(self) -> Path | None:
        """The file in huggingface_hub's cache, without network."""
        from huggingface_hub import try_to_load_from_cache

        for file in self._files:
            found = try_to_load_from_cache(self.repo, file)
            if isinstance(found, str):
                return Path(found)
        return None

    def download(self, progress: Progress | None) -> Path:
        """Brings the file into huggingface_hub's cache, which checks and locks it.

        Raises:
            OSError: it did not come.
        """
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import EntryNotFoundError

        if progress:
            progress(f"downloading {self.repo}")
        for file in self._files:
            try:
                return Path(hf_hub_download(self.repo, file))
            except EntryNotFoundError:
                continue
        raise OSError(f"{self.repo} holds none of {', '.join(self._files)}")
