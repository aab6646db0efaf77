"""uvicorn as it is used here: quiet, bounded, and ended by a signal with status 0."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

GRACE_SECONDS = 30
"""That running requests get at the end."""
_MOST_CONNECTIONS = 500


class _Server(uvicorn.Server):
    """Ends with status 0 where a signal asked it to; uvicorn would die of the same signal."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        wanted = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in wanted}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def server_of(app: ASGIApp) -> uvicorn.Server:
    """What runs the application on sockets; `should_exit` ends it."""
    # It tells of every form that is none; the client is told, too, and could fill the log.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
    return _Server(
        uvicorn.Config(
            app,
            http="auto",
            ws="none",
            lifespan="on",
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=_MOST_CONNECTIONS,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )
