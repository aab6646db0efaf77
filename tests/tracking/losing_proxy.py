"""A proxy before an MLflow server that can lose an answer: the call is carried out, nobody told."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class LosingProxy:
    """Forwards everything; `lose` names the end of a path whose next answers are lost."""

    def __init__(self, upstream: str) -> None:
        self._upstream = urlsplit(upstream)
        self.lose: dict[str, int] = {}
        self.lost = 0
        self.seen: list[str] = []
        self._lock = threading.Lock()

    def forward(self, handler: BaseHTTPRequestHandler) -> None:
        self.seen.append(f"{handler.command} {urlsplit(handler.path).path}")
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        connection = http.client.HTTPConnection(self._upstream.netloc, timeout=60)
        kept = {k: v for k, v in handler.headers.items() if k.lower() not in ("host", "connection")}
        connection.request(handler.command, handler.path, body, kept)
        answer = connection.getresponse()
        content = answer.read()
        if self._is_lost(handler.path):
            handler.close_connection = True
            handler.connection.close()
            return
        handler.send_response(answer.status)
        handler.send_header("Content-Type", answer.headers.get("Content-Type", "application/json"))
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def _is_lost(self, path: str) -> bool:
        with self._lock:
            for end, left in self.lose.items():
                if left and urlsplit(path).path.endswith(end):
                    self.lose[end] -= 1
                    self.lost += 1
                    return True
        return False


@contextmanager
def losing_proxy(upstream: str) -> Iterator[tuple[str, LosingProxy]]:
    """Its address, and itself; it ends with the block."""
    proxy = LosingProxy(upstream)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            proxy.forward(self)

        do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", proxy
    finally:
        server.shutdown()
        server.server_close()
