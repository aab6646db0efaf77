"""The server of `orchestrator serve` on 127.0.0.1, in a thread or as a process, and its client."""

from __future__ import annotations

import http.client
import io
import json
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from orchestrator.serving.app import create_app
from orchestrator.serving.following import Followed
from orchestrator.serving.guard import own_names
from orchestrator.serving.http_server import server_of
from orchestrator.serving.listening import listening_socket, url_of
from orchestrator.serving.routes import Serving
from orchestrator.serving.serve import assemble
from orchestrator.serving.served_model import Classifier
from orchestrator.serving.settings import ServeSettings

JSON, PNG = {"content-type": "application/json"}, {"content-type": "image/png"}


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


@dataclass(frozen=True, eq=False)
class Running:
    """A server that answers at `url`."""

    url: str
    serving: Serving

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """One request on a connection of its own."""
        return ask(self.url, method, path, body, headers)


def ask(
    url: str, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
) -> Answer:
    """One request on a connection of its own."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        names = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, names, response.read())
    finally:
        connection.close()


def form(*files: tuple[str, bytes], field: str = "file") -> tuple[bytes, dict[str, str]]:
    """A form of files, and its header."""
    body = io.BytesIO()
    for name, content in files:
        body.write(b"--frontier\r\n")
        head = f'Content-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n'
        body.write(head.encode() + content + b"\r\n")
    body.write(b"--frontier--\r\n")
    return body.getvalue(), {"content-type": "multipart/form-data; boundary=frontier"}


@contextmanager
def running(
    classifier: Classifier, settings: ServeSettings | None = None, followed: Followed | None = None
) -> Iterator[Running]:
    """In a thread of this process."""
    chosen = settings or ServeSettings(port=0, threads=1)
    serving = assemble(classifier, chosen, followed)
    listening = listening_socket(chosen.host, chosen.port)
    url = url_of(listening)
    server = server_of(create_app(serving, own_names(chosen.host, chosen.allowed_hosts)))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield Running(url, serving)
    finally:
        server.should_exit = True
        thread.join(60)
        assert not thread.is_alive()


@contextmanager
def process(arguments: list[str], folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`orchestrator serve` and its address, once it answers; killed in the end if it still runs."""
    log = folder / "serve.log"
    line = [sys.executable, "-m", "orchestrator.cli", "serve", *arguments]
    with log.open("w") as out:
        server = subprocess.Popen(line, stderr=out, stdout=out, text=True, cwd=folder)
    try:
        yield server, _address(server, log)
    finally:
        if server.poll() is None:
            server.kill()
        server.wait(30)


def _address(server: subprocess.Popen[str], log: Path) -> str:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        assert server.poll() is None, log.read_text()
        words = log.read_text().split()
        if words and words[0].startswith("http://"):
            wait_for_ping(words[0], server, log)
            return words[0]
        time.sleep(0.1)
    raise TimeoutError(log.read_text())


def wait_for_ping(url: str, server: subprocess.Popen[Any], log: Path) -> None:
    """Until `url` answers."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        assert server.poll() is None, log.read_text()
        try:
            urllib.request.urlopen(f"{url}/ping", timeout=30).close()
            return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError(log.read_text())
