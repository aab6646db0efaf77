"""Whether the ports that our pages and servers take by default are free."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

from orchestrator.doctor.bounded import Check
from orchestrator.doctor.finding import Finding, fine, note, stop
from orchestrator.doctor.request import DoctorRequest

HOST = "127.0.0.1"
# Command and its first port (a test compares them with the commands' own).
PORTS = (("orchestrator ui", 5000), ("orchestrator serve", 8000))


def look(request: DoctorRequest) -> Iterator[Finding]:
    """A line for each port, and one if the loopback itself does not work."""
    del request
    with socket.socket() as probe:
        try:
            probe.bind((HOST, 0))
        except OSError as error:
            says = f"nothing can listen on {HOST} ({error.strerror}): Ray cannot start"
            yield stop("ports", says, "orchestrator search SPACE --local")
            return
    for command, port in PORTS:
        yield judge(command, port, why_taken(port))


def judge(command: str, port: int, reason: str) -> Finding:
    """What to say of a port.

    Args:
        reason: why it cannot be listened on; "" where it can.
    """
    facts: dict[str, Any] = {"port": port, "free": not reason}
    if not reason:
        return fine("ports", f"{port} is free for `{command}`", **facts)
    says = f"{port}, which `{command}` takes by default: {reason}"
    return note("ports", says, f"{command} --port {port + 1}", **facts)


def why_taken(port: int) -> str:
    """Why nobody can listen on it, in words; "" where one can."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError as error:
            return (error.strerror or str(error)).lower()
    return ""


CHECK = Check(look)
