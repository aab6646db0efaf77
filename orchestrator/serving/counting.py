"""Counts every request, by path and status, and how long it took; the outermost middleware."""

from __future__ import annotations

import time
from collections.abc import Iterable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orchestrator.serving.metrics import ServerMetrics

OTHER = "other"
"""All paths that there are not: clients choose them, and each label is kept for ever."""
NO_ANSWER = 499
"""The client went away first; the number is nginx's."""


class Counting:
    """See above.

    Args:
        app: what is asked then.
        metrics: where it is counted.
        paths: that there are.
    """

    def __init__(self, app: ASGIApp, metrics: ServerMetrics, paths: Iterable[str]) -> None:
        self._app, self._metrics, self._paths = app, metrics, frozenset(paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, began = NO_ANSWER, time.perf_counter()

        async def send_and_look(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with self._metrics.in_progress.track_inprogress():
            try:
                await self._app(scope, receive, send_and_look)
            except Exception:
                status = 500  # answered by what is outside of us
                raise
            finally:
                self._count(scope["path"], status, time.perf_counter() - began)

    def _count(self, path: str, status: int, seconds: float) -> None:
        known = path if path in self._paths else OTHER
        self._metrics.requests.labels(known, str(status)).inc()
        self._metrics.seconds.labels(known).observe(seconds)
