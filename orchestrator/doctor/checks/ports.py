"""Whether the ports that our pages and servers take by default are free."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

from orchestrator.doctor.bounded import Check
from orchestrator.doctor.finding import Finding, fine, stop
from orchestrator.doctor.request import DoctorRequest
from orchestrator.serving import listening
from orchestrator.tracking import ui

PORTS = (("orchestrator ui", ui.FIRST_PORT), ("orchestrator serve", listening.FIRST_PORT))


def look(request: DoctorRequest) -> Iterator[Finding]:
    """A line for each port, and one if the loopback itself does not work."""
    del request
    with socket.socket() as probe:
        try:
            probe.bind((ui.HOST, 0))
        except OSError as error:
            says = f"nothing can listen on {ui.HOST} ({error.strerror}): Ray cannot start"
            yield stop("ports", says, "orchestrator search SPACE --local")
            return
    for command, port in PORTS:
        reason = ui.why_taken(port)
        yield judge(command, port, reason, ui.nearest_free(port) if reason else port)


def judge(command: str, port: int, reason: str, free: int) -> Finding:
    """What to say of a port; one in use is no trouble, since the commands take the next.

    Args:
        reason: why it cannot be listened on; "" where it can.
        free: the nearest that can.
    """
    facts: dict[str, Any] = {"port": port, "free": not reason}
    if not reason:
        return fine("ports", f"{port} is free for `{command}`", **facts)
    says = f"{port}: {reason}; `{command}` takes the next free one, now {free}"
    return fine("ports", says, **facts)


CHECK = Check(look)
