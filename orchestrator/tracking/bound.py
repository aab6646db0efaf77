"""A server that ends with whoever started it, however that one ends.

MLflow's server is a process that starts others, and hands on only the signals that it gets itself:
after a SIGKILL or SIGTERM of its starter all of them went on, and held the port. So a small process
stands between, `python -m orchestrator.tracking.bound COMMAND...`. It holds the reading end of a
pipe, which the kernel closes with the starter, and then ends the command's whole process group.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import IO, NoReturn

import psutil

STOP_SECONDS = 10.0
"""That the processes have to end by themselves."""


def start_bound(
    command: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    output: IO[bytes] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a command that ends with this process, and all that it starts in its process group.

    `terminate` ends it, too. The group is that of the process given back; its exit code is the
    command's. A Ctrl-C at the terminal does not reach it: that is for the starter alone.

    Args:
        output: for what it writes (default: where this process writes).
    """
    return subprocess.Popen(
        [sys.executable, "-m", "orchestrator.tracking.bound", *command],
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=output,
        env=env,
        cwd=cwd,
        start_new_session=True,
    )


def main(command: Sequence[str]) -> int:
    """Run `command` until it ends, or a signal or the end of our standard input asks for that."""
    if os.getpgrp() != os.getpid():  # else the starter's own group would be ended
        os.setsid()
    try:
        _on_a_signal(_ask_to_end)
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        threading.Thread(target=_wait_for_starter, daemon=True).start()
        code = process.wait()
        _on_a_signal(signal.SIG_IGN)
    except _AskedToEndError:
        code = 0
    _end_group()
    return code if code >= 0 else 128 - code  # as a shell has it


class _AskedToEndError(Exception):
    pass


def _on_a_signal(do: Callable[[int, FrameType | None], object] | signal.Handlers) -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, do)


def _ask_to_end(number: int, frame: FrameType | None) -> NoReturn:
    del number, frame
    _on_a_signal(signal.SIG_IGN)  # the end of the group must not be cut short by another one
    raise _AskedToEndError


def _wait_for_starter() -> None:
    """Nothing is ever written there, so that this returns when nobody is left to write."""
    with contextlib.suppress(OSError):
        while os.read(0, 4096):  # not sys.stdin, whose lock would be held at the end of Python
            pass
    os.kill(os.getpid(), signal.SIGTERM)


def _end_group() -> None:
    """All others in it: asked first, made to then."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        others = list(_others())
        for other in others:
            with contextlib.suppress(psutil.NoSuchProcess):
                other.send_signal(number)
        psutil.wait_procs(others, STOP_SECONDS)


def _others() -> list[psutil.Process]:
    group, found = os.getpgrp(), []
    for process in psutil.process_iter():
        with contextlib.suppress(ProcessLookupError):
            if process.pid != os.getpid() and os.getpgid(process.pid) == group:
                found.append(process)
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
