"""Who may ask: host names that are this server's, pages that it served itself; and safe headers.

A page of somebody else's can have its own name resolve to 127.0.0.1 (DNS rebinding); then the
browser takes our answers for that page's own. Its requests carry that name in `Host`. Addresses
written as numbers cannot be rebound, and pass.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orchestrator.serving.refusing import refusal
from orchestrator.serving.settings import LOOPBACK

_SAFE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
    # The page has a policy of its own; nothing else that is answered is to be shown as a page.
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}


def own_names(host: str, more: Iterable[str] = ()) -> frozenset[str]:
    """The names under which this server may be asked.

    Args:
        host: that it listens on; beyond the loopback the machine's own name counts, too.
        more: allowed besides.
    """
    names = {"localhost", host.lower(), *(name.lower() for name in more)}
    if host not in (LOOPBACK, "localhost", "::1"):
        names |= {socket.gethostname().lower(), socket.getfqdn().lower()}
    return frozenset(names)


class Guard:
    """Refuses foreign hosts and foreign pages, and adds the headers that every answer has.

    Args:
        app: what is asked then.
        names: as `own_names` gives them.
    """

    def __init__(self, app: ASGIApp, names: frozenset[str]) -> None:
        self._app, self._names = app, names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _SAFE.items():
                    headers.setdefault(name, value)
            await send(message)

        status, reason = self._why_not(Headers(scope=scope))
        if reason:
            answer = refusal(scope["path"], status, reason, close=True)
            await answer(scope, receive, send_safely)
            return
        await self._app(scope, receive, send_safely)

    def _why_not(self, headers: Headers) -> tuple[int, str]:
        host = headers.get("host", "")
        if not is_own(host, self._names):
            return 421, (
                "The Host header must name this server: localhost, its address, or a name given "
                "with --allowed-hosts."
            )
        origin = headers.get("origin")
        if origin is not None and netloc(origin) != host.lower():
            return 403, "Only pages of this server itself may ask it from a browser."
        return 200, ""


def is_own(host: str, names: frozenset[str]) -> bool:
    """Whether a `Host` header's name, whatever its port, is ours."""
    name = _without_port(host).lower().rstrip(".")
    if name in names or name.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def netloc(origin: str) -> str:
    """`host:port` of an `Origin` header; empty for `null` and for what is none."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return ""
    return parts.netloc.lower() if parts.scheme in ("http", "https") else ""


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0] if host.count(":") == 1 else host
