"""What every download shares: a host is asked first, and the work is done in a process of its own.

torchvision's downloader has no time-out; in another process one can be set for every socket without
touching this one, and neither torch's import nor its memory stays behind.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import urllib.request

from trainables.data.source import RouteFailed

ASK_SECONDS = 5.0
SOCKET_SECONDS = 30


def unreachable(url: str, seconds: float) -> str:
    """Why `url` does not answer, or "" if it does; through a proxy where one is set."""
    answer: list[str] = []
    # A thread, since looking a name up has no time-out of its own. It is left behind if it hangs.
    ask = threading.Thread(target=lambda: answer.append(_head(url, seconds)), daemon=True)
    ask.start()
    ask.join(seconds)
    return answer[0] if answer else f"its host did not answer within {seconds:g} s"


def run_python(code: str, arguments: list[str], what: str, seconds: float) -> None:
    """Run a piece of Python with `arguments` in another process; what it prints is dropped.

    Args:
        what: the subject of the error's sentence, such as "the download".

    Raises:
        RouteFailed: it failed (with its last line), or took longer than `seconds`.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
        )
    except subprocess.TimeoutExpired:
        raise RouteFailed(f"{what} took longer than {seconds:g} s") from None
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["it gave no reason"]
        raise RouteFailed(f"{what} failed: {last[0]}")


def _head(url: str, seconds: float) -> str:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=seconds):
            return ""
    except (OSError, ValueError) as error:  # URLError, HTTPError and time-outs are OSErrors
        return f"its host cannot be reached: {getattr(error, 'reason', None) or error}"
