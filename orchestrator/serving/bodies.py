"""Bodies are read within limits of bytes and time before anything looks at them.

A middleware of plain ASGI. What a client announces (`Content-Length`) is believed only where it
announces too much: what counts are the bytes that arrive.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orchestrator.serving.budget import Budget, Purse
from orchestrator.serving.refusing import INVOCATIONS, Refused, refusal

MAX_BODY = 32 << 20
"""Bytes of images: a few photographs."""
MAX_JSON = 16 << 20
"""Bytes of JSON: 1,000 images of 32 x 32, or 25 of 224 x 224. Python reads it in one go
(30 MB took 1.6 s of processor time, seen once on two busy cores), and nobody else is answered
meanwhile."""
READ_SECONDS = 30.0
DRAIN_SECONDS, DRAIN_BYTES = 1.0, 256 << 20
PURSE = "orchestrator.purse"
"""Where a request's share of the budget stands in its scope."""


def most_bytes(path: str) -> int:
    """Of a body for that path."""
    return MAX_JSON if path == INVOCATIONS else MAX_BODY


class BoundedBodies:
    """Hands a request on with its whole body, or refuses it.

    Args:
        app: what is asked then.
        budget: of all requests together.
        read_seconds: for one body.
    """

    def __init__(self, app: ASGIApp, budget: Budget, *, read_seconds: float = READ_SECONDS) -> None:
        self._app, self._budget, self._seconds = app, budget, read_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with self._budget.opened() as purse:
            try:
                most = most_bytes(scope["path"])
                body = await self._read(Headers(scope=scope), receive, purse, most)
            except Refused as error:
                await _refuse(error, scope, receive, send)
                return
            except ClientDisconnect:
                return  # there is nobody to answer
            scope[PURSE] = purse
            await self._app(scope, _replay(body, receive), send)

    async def _read(self, headers: Headers, receive: Receive, purse: Purse, most: int) -> bytes:
        announced = headers.get("content-length")
        if announced is None and "transfer-encoding" not in headers:
            return b""
        if announced is not None and announced.isdecimal() and int(announced) > most:
            raise _too_large(most)
        try:
            return await asyncio.wait_for(_collect(receive, purse, most), self._seconds)
        except TimeoutError:
            raise Refused(408, f"A body must arrive within {self._seconds:g} s.") from None


async def _collect(receive: Receive, purse: Purse, most: int) -> bytes:
    chunks, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        if len(chunks) + len(chunk) > most:
            raise _too_large(most)
        purse.take(len(chunk))
        chunks += chunk
        more = message.get("more_body", False)
    return bytes(chunks)


def _too_large(most: int) -> Refused:
    rule = f"A body must not have more than {most >> 20} MiB here"
    return Refused(413, f"{rule}; send fewer or smaller images.")


def _replay(body: bytes, receive: Receive) -> Receive:
    """The body in one message; what comes after it is the client's going away."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return messages.pop() if messages else await receive()

    return next_message


async def _refuse(error: Refused, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer at once, then throw away what still comes, and close.

    Closing with unread bytes makes the kernel reset the connection, and a client that is still
    sending may never see the answer.
    """
    response = refusal(scope["path"], error.status, error.reason, close=True)
    await send({"type": "http.response.start", "status": response.status_code,
                "headers": response.raw_headers})  # fmt: skip
    await send({"type": "http.response.body", "body": response.body, "more_body": True})
    if error.status == 413:
        await _within(DRAIN_SECONDS, lambda: _drain(receive))
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _drain(receive: Receive) -> None:
    began, thrown = time.monotonic(), 0
    while time.monotonic() - began < DRAIN_SECONDS and thrown < DRAIN_BYTES:
        message = await receive()
        thrown += len(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body", False):
            return


async def _within(seconds: float, work: Callable[[], Awaitable[Any]]) -> None:
    try:
        await asyncio.wait_for(work(), seconds)
    except TimeoutError:
        return
