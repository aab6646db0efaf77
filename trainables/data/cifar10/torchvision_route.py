"""CIFAR-10 by torchvision's own download, in a process of its own.

torchvision's downloader has no time-out; there, one can be set for every socket without touching
this process, and neither torch's import nor its memory stays behind. torchvision checks the MD5.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

from trainables.data.cifar10.batches import FOLDER, Arrays, read_batches
from trainables.data.source import RouteFailed, Tell

# As in torchvision.datasets.CIFAR10.url (a test compares them): asking first whether the host
# answers must not cost an import of torch.
URL = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
_ASK_SECONDS, _SOCKET_SECONDS, _DOWNLOAD_SECONDS = 5.0, 30, 3600

_DOWNLOAD = f"""
import socket, sys
socket.setdefaulttimeout({_SOCKET_SECONDS})
from torchvision.datasets import CIFAR10
CIFAR10(sys.argv[1], download=True)
"""


def fetch_with_torchvision(scratch: Path, tell: Tell) -> Arrays:
    """Download (170 MB), unpack and read.

    Raises:
        RouteFailed: the host does not answer within 5 s, or the download fails.
    """
    if reason := _unreachable(URL, _ASK_SECONDS):
        raise RouteFailed(reason)
    tell("downloading CIFAR-10 with torchvision (170 MB)")
    command = [sys.executable, "-c", _DOWNLOAD, str(scratch)]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_DOWNLOAD_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise RouteFailed(f"the download took longer than {_DOWNLOAD_SECONDS} s") from None
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["it gave no reason"]
        raise RouteFailed(f"the download failed: {last[0]}")
    return read_batches(scratch / FOLDER)


def _unreachable(url: str, seconds: float) -> str:
    """Why `url` does not answer, or "" if it does; through a proxy where one is set."""
    answer: list[str] = []
    # A thread, since looking a name up has no time-out of its own. It is left behind if it hangs.
    ask = threading.Thread(target=lambda: answer.append(_head(url, seconds)), daemon=True)
    ask.start()
    ask.join(seconds)
    return answer[0] if answer else f"its host did not answer within {seconds:g} s"


def _head(url: str, seconds: float) -> str:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=seconds):
            return ""
    except (OSError, ValueError) as error:  # URLError, HTTPError and time-outs are OSErrors
        return f"its host cannot be reached: {getattr(error, 'reason', None) or error}"
