"""CIFAR-10 by torchvision's own download, which checks the MD5."""

from __future__ import annotations

from pathlib import Path

from trainables.data.cifar10.batches import FOLDER, Arrays, read_batches
from trainables.data.downloading import ASK_SECONDS, SOCKET_SECONDS, run_python, unreachable
from trainables.data.source import RouteFailed, Tell

# As in torchvision.datasets.CIFAR10.url (a test compares them): asking first whether the host
# answers must not cost an import of torch.
URL = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
_DOWNLOAD_SECONDS = 3600

_DOWNLOAD = f"""
import socket, sys
socket.setdefaulttimeout({SOCKET_SECONDS})
from torchvision.datasets import CIFAR10
CIFAR10(sys.argv[1], download=True)
"""


def fetch_with_torchvision(scratch: Path, tell: Tell) -> Arrays:
    """Download (170 MB), unpack and read.

    Raises:
        RouteFailed: the host does not answer within 5 s, or the download fails.
    """
    if reason := unreachable(URL, ASK_SECONDS):
        raise RouteFailed(reason)
    tell("downloading CIFAR-10 with torchvision (170 MB)")
    run_python(_DOWNLOAD, [str(scratch)], "the download", _DOWNLOAD_SECONDS)
    return read_batches(scratch / FOLDER)
