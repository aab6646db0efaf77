"""The socket that is served: taken before the model is loaded, so that a port in use is told at
once, and nobody else takes it meanwhile."""

from __future__ import annotations

import errno
import socket

from search_spaces.errors import UsageError

FIRST_PORT = 8000
_LAST = 65_535


def listening_socket(host: str, port: int | None) -> socket.socket:
    """A bound TCP socket that does not accept yet.

    Args:
        host: name or address.
        port: 0 for any; None for the first free one from 8000.

    Raises:
        UsageError: the host is not this machine's, or the port is taken; names one that is free.
    """
    family, address = _resolved(host)
    if port is not None:
        try:
            return _bound(family, address, port)
        except OSError as error:
            raise _taken(family, address, port, error) from None
    free = _first_free(family, address, FIRST_PORT)
    if free is None:
        raise UsageError("There must be a free port on this machine; there is none.")
    return free


def url_of(listening: socket.socket) -> str:
    """Where a browser on this machine finds it."""
    host, port = listening.getsockname()[:2]
    if host in ("0.0.0.0", "::"):
        host = "localhost"
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _resolved(host: str) -> tuple[int, str]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        hint = "127.0.0.1 is reached from this machine only, 0.0.0.0 from everywhere."
        raise UsageError("--host must be a name or an address.", got=host, hint=hint) from None
    found.sort(key=lambda each: each[0] != socket.AF_INET)
    return found[0][0], str(found[0][4][0])


def _bound(family: int, address: str, port: int) -> socket.socket:
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        # As servers do: a port whose last connections are only fading out is free.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address, port))
        # Two sockets can be bound so, but only one can listen.
        listening.listen(1024)
    except OSError:
        listening.close()
        raise
    return listening


def _first_free(family: int, address: str, start: int) -> socket.socket | None:
    for port in range(start, _LAST + 1):
        try:
            return _bound(family, address, port)
        except PermissionError:
            continue
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                return None
    return None


def _taken(family: int, address: str, port: int, error: OSError) -> UsageError:
    reason = (error.strerror or str(error)).lower()
    if error.errno == errno.EADDRNOTAVAIL:
        rule = f"--host must be an address of this machine: {reason}."
        return UsageError(rule, got=address, hint="127.0.0.1 always is.")
    free = _first_free(family, address, max(port, 1024))
    hint = "" if free is None else f"Free now: --port {free.getsockname()[1]}."
    if free is not None:
        free.close()
    return UsageError(f"--port must be one that can be listened on: {reason}.", got=port, hint=hint)
