"""Whether a hub can be reached: asked once a process, and settled in a few seconds.

No host is written here: torchvision names its own URLs, huggingface_hub its own endpoint.
"""

from __future__ import annotations

import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from functools import cache


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
