"""The real command under load while its alias moves: no request fails, none is half answered."""

from __future__ import annotations

import http.client
import json
import signal
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from colour_model import picture, pixels, register, surely
from mlflow import MlflowClient
from running_server import JSON, PNG, ask, process, running

from orchestrator.serving.following import follow
from orchestrator.serving.settings import ServeSettings

PROBABILITIES = {"1": surely(10), "2": surely(5)}


class Client(threading.Thread):
    """Asks again and again over one connection."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self._place = urlsplit(url)
        self.ending = threading.Event()
        self.versions: Counter[str] = Counter()
        self.failed: list[Any] = []

    def run(self) -> None:
        """Until `ending`."""
        connection = http.client.HTTPConnection(self._place.netloc, timeout=60)
        body = picture()
        while not self.ending.is_set():
            try:
                connection.request("POST", "/predict", body, PNG)
                response = connection.getresponse()
                self._look(response.status, response.read())
            except Exception as error:
                self.failed.append(error)
                return
            time.sleep(0.005)  # the cores are for the server
        connection.close()

    def _look(self, status: int, body: bytes) -> None:
        if status != 200:
            self.failed.append((status, body))
            return
        answer = json.loads(body)
        expected = PROBABILITIES[answer["version"]]
        if abs(answer["predictions"][0]["probability"] - expected) > 2e-6:
            self.failed.append(answer)  # the name of one version, the answer of the other
        self.versions[answer["version"]] += 1


def until(url: str, version: str, seconds: float = 60) -> None:
    """Until that version answers."""
    end = time.monotonic() + seconds
    while ask(url, "GET", "/health").json["version"] != version:
        assert time.monotonic() < end, ask(url, "GET", "/health").body
        time.sleep(0.05)


def versions_seen(url: str, name: str, client: MlflowClient, moves: tuple[str, ...]) -> set[str]:
    """Asks all the while from three threads, and moves the alias; nothing may fail."""
    clients = [Client(url) for _ in range(3)]
    for each in clients:
        each.start()
    for version in moves:
        client.set_registered_model_alias(name, "champion", version)
        until(url, version)
        time.sleep(0.2)
    for each in clients:
        each.ending.set()
        each.join(60)
    assert [each.failed for each in clients] == [[]] * 3
    return set.intersection(*(set(each.versions) for each in clients))


def test_no_request_fails_while_a_new_version_is_loaded(registry: str, folders: list[Path]) -> None:
    client = register(registry, "loaded", folders)
    followed = follow("loaded@champion", registry)
    assert followed is not None and followed.newest() == "1"
    settings = ServeSettings(port=0, threads=1, reload_seconds=0.1)
    with running(followed.load("1"), settings, followed) as server:
        assert versions_seen(server.url, "loaded", client, ("2",)) == {"1", "2"}


@pytest.mark.slow
def test_the_command_loses_no_request_while_the_alias_moves_nor_at_its_end(
    registry: str, folders: list[Path], tmp_path: Path
) -> None:
    registered = register(registry, "moved", folders)
    arguments = ["moved@champion", "--tracking-uri", registry, "--port", "0"]
    arguments += ["--reload-seconds", "0.2", "--threads", "1"]
    with process(arguments, tmp_path) as (server, url):
        assert versions_seen(url, "moved", registered, ("2", "1")) == {"1", "2"}
        metrics = ask(url, "GET", "/metrics").body.decode()
        assert 'orchestrator_model_reloads_total{outcome="loaded"} 2.0' in metrics
        assert 'orchestrator_model_info{name="moved",version="1"} 1.0' in metrics
        _ends_after_its_last_request(server, url)


def _ends_after_its_last_request(server: Any, url: str) -> None:
    """A request that is running when SIGTERM comes is answered; then the server ends with 0."""
    body = json.dumps({"inputs": pixels(count=20).tolist()}).encode()
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    connection.putrequest("POST", "/invocations")
    for name, value in (JSON | {"content-length": str(len(body))}).items():
        connection.putheader(name, value)
    connection.endheaders(body[:100])
    end = time.monotonic() + 30
    while b"orchestrator_http_requests_in_progress 2.0" not in ask(url, "GET", "/metrics").body:
        assert time.monotonic() < end
    server.send_signal(signal.SIGTERM)
    while not _refuses(url):
        assert time.monotonic() < end
        time.sleep(0.05)
    assert server.poll() is None
    connection.send(body[100:])
    response = connection.getresponse()
    assert response.status == 200
    given = json.loads(response.read())["predictions"]
    np.testing.assert_allclose(given, [[10, 0, 0]] * 20, atol=1e-5)
    assert server.wait(60) == 0


def _refuses(url: str) -> bool:
    """Whether it takes no new requests."""
    try:
        ask(url, "GET", "/ping")
    except OSError:
        return True
    return False
