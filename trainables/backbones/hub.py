"""The hubs: whether one can be reached (asked once a process), and how a file comes from it.

No host is written here: torchvision names its own URLs, huggingface_hub its own endpoint.
"""

from __future__ import annotations

import hashlib
import os
import re
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field
from functools import cache
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


def hub_reachable(timeout: float = 5.0, *, library: str = "torchvision") -> tuple[bool, str]:
    """Whether the hub of a library answers, and if not, why; asked once a process.

    All hubs are asked at the first call, side by side, so that the wait is `timeout` seconds in
    all. A thread does the asking, because a name server that does not answer heeds no timeout.
    """
    begun, answers = _ask_all()
    if library not in answers:
        return False, f"{library} has no hub"
    try:
        reason = answers[library].result(max(0.0, begun + timeout - time.monotonic()))
    except FutureTimeout:
        return False, f"no answer within {timeout:g} s"
    return not reason, reason


@cache
def _ask_all() -> tuple[float, dict[str, Future[str]]]:
    urls = {"torchvision": _torchvision_url(), "timm": _timm_url()}
    begun = time.monotonic()
    return begun, {library: ask(url) for library, url in urls.items()}


def _torchvision_url() -> str:
    from torchvision.models import ResNet18_Weights

    return ResNet18_Weights.DEFAULT.url


def _timm_url() -> str:
    from huggingface_hub import constants

    return "" if constants.HF_HUB_OFFLINE else constants.ENDPOINT


def ask(url: str) -> Future[str]:
    """Asks for the headers of `url` in a daemon thread; the result is why not, or ""."""
    answer: Future[str] = Future()

    def run() -> None:
        answer.set_result(_why_unreachable(url) if url else "HF_HUB_OFFLINE is set")

    threading.Thread(target=run, daemon=True, name="hub-probe").start()
    return answer


def _why_unreachable(url: str) -> str:
    try:
        # urllib, not a bare socket: it goes through the proxy that the download would go through.
        with urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=5.0):
            return ""
    except urllib.error.HTTPError as error:
        return f"it answers HTTP {error.code}"
    except (OSError, ValueError) as error:
        return str(getattr(error, "reason", error)) or type(error).__name__


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
