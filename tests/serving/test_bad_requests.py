"""Whatever is sent, the server says why not, at once, and goes on."""

from __future__ import annotations

import asyncio
import json
import socket
import time
import zlib
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from colour_model import picture, pixels
from running_server import JSON, PNG, Running, form
from starlette.responses import PlainTextResponse

from orchestrator.serving.bodies import MAX_BODY, BoundedBodies
from orchestrator.serving.budget import Budget

AT_ONCE = 3.0  # seconds; one on a machine that is not as busy as that of the tests


def inputs(value: Any) -> str:
    """A request of MLflow's protocol."""
    return json.dumps({"inputs": value})


def bomb(width: int, height: int) -> bytes:
    """A PNG of 1-bit pixels, a few kilobytes for a hundred megapixels."""
    rows = zlib.compress(bytes((width // 8 + 1) * height), 9)
    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([1, 0, 0, 0, 0])
    return (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    checked = kind + content
    return len(content).to_bytes(4, "big") + checked + zlib.crc32(checked).to_bytes(4, "big")


RED = pixels().tolist()
DEEP = '{"inputs": ' + "[" * 200_000 + "]" * 200_000 + "}"
FRACTIONS, TOO_BRIGHT = (pixels() / 255 / 2).tolist(), np.full((1, 8, 8, 3), 256).tolist()

# By its first lists 1,001 images of 2,001 x 2,000 pixels, in 31 kB
CLAIM = [[[[1, 2, 3]] * 2000, *[[0]] * 2000], *[7] * 1000]

# path, body, headers, status, words of the reason
BAD: dict[str, tuple[str, Any, dict[str, str], int, str]] = {
    "no image": ("/predict", b"GIF89a, not a picture", PNG, 400, "neither PNG nor JPEG"),
    "empty image": ("/predict", b"", PNG, 400, "no bytes"),
    "cut short": ("/predict", picture(width=300, height=300)[:200], PNG, 400, "damaged|cut short"),
    "a bomb": ("/predict", bomb(10_000, 10_000), PNG, 413, "100,000,000"),
    "a bomb without an end": ("/predict", bomb(60_000, 60_000)[:900], PNG, 413, "pixels"),
    "large images": ("/predict", *form(*[("a.png", bomb(8000, 4000))] * 3), 413, "96,000,000"),
    "not said what": ("/predict", picture(), {}, 415, "content type"),
    "text": ("/predict", b"hello", {"content-type": "text/plain"}, 415, "content type"),
    "JSON for an image": ("/predict", inputs(RED), JSON, 415, "content type"),
    "form without boundary": (
        "/predict", b"--x", {"content-type": "multipart/form-data"}, 400, "boundary",
    ),
    "form cut short": ("/predict", form(("a.png", picture()))[0][:60], form()[1], 400, "file|form"),
    "form without file": ("/predict", *form(), 400, "file"),
    "second file broken": ("/predict", *form(("a.png", picture()), ("b.png", b"?")), 400, "b.png"),
    "too many files": ("/predict", *form(*[("a.png", b"")] * 65), 400, "64"),
    "broken JSON": ("/invocations", '{"inputs": [[', JSON, 400, "must be JSON"),
    "broken UTF-8": ("/invocations", b'{"inputs": "\xff"}', JSON, 400, "must be JSON"),
    "deep JSON": ("/invocations", DEEP, JSON, 400, "deep"),
    "a long number": ("/invocations", '{"inputs": [' + "9" * 5000 + "]}", JSON, 400, "JSON"),
    "a large number": ("/invocations", inputs([[[[10**400, 0, 0]]]]), JSON, 400, "0 to 255|JSON"),
    "no body": ("/invocations", b"", JSON, 400, "must be JSON"),
    "a list": ("/invocations", "[1]", JSON, 400, "object"),
    "null": ("/invocations", "null", JSON, 400, "object"),
    "no format": ("/invocations", '{"x": 1}', JSON, 400, "exactly one"),
    "two formats": ("/invocations", '{"inputs": [1], "instances": [1]}', JSON, 400, "exactly one"),
    "a table": ("/invocations", '{"dataframe_split": {}}', JSON, 400, "not a table"),
    "a number for images": ("/invocations", inputs(7), JSON, 400, "nested list"),
    "no images": ("/invocations", inputs([]), JSON, 400, "shape"),
    "one image": ("/invocations", inputs(RED[0]), JSON, 400, "into a list"),
    "ragged": ("/invocations", inputs([[[[1, 2, 3]], [[1, 2]]]]), JSON, 400, "one array"),
    "four channels": ("/invocations", inputs([[[[1, 2, 3, 4]]]]), JSON, 400, "three channels"),
    "no pixels": ("/invocations", inputs([[[[]]]]), JSON, 400, "at least one pixel"),
    "fractions": ("/invocations", inputs(FRACTIONS), JSON, 400, "Multiply by 255"),
    "too bright": ("/invocations", inputs(TOO_BRIGHT), JSON, 400, "256"),
    "negative": ("/invocations", inputs([[[[0, -1, 0]]]]), JSON, 400, "-1"),
    "NaN": ("/invocations", inputs([[[[float("nan"), 0, 0]]]]), JSON, 400, "NaN"),
    "infinity": ("/invocations", inputs([[[[float("inf"), 0, 0]]]]), JSON, 400, "infinity"),
    "null pixels": ("/invocations", inputs([[[[None, 0, 0]]]]), JSON, 400, "null"),
    "words": ("/invocations", inputs([[[["x", 0, 0]]]]), JSON, 400, "whole numbers"),
    "objects": ("/invocations", inputs([[[[{}, 0, 0]]]]), JSON, 400, "whole numbers"),
    "long words": (
        "/invocations", inputs([[[["x" * 10**6, 1, 2]] + [[1, 2, 3]] * 10**5]]), JSON, 400,
        "numbers",
    ),
    "five dimensions": ("/invocations", inputs([[[[[1, 2, 3]]]]]), JSON, 400, "shape"),
    "deeper later": ("/invocations", inputs([[[[1, 2, 3]], [[1, [2], 3]]]]), JSON, 400, "array"),
    "shorter later": ("/invocations", inputs([[[[1, 2, 3]] * 2, [[1, 2, 3]]]]), JSON, 400, "array"),
    "fewer rows later": (
        "/invocations", inputs([[[[1, 2, 3]]] * 2, [[[1, 2, 3]]]]), JSON, 400, "array",
    ),
    "a claim of memory": ("/invocations", inputs(CLAIM), JSON, 400, "array"),
    "no row later": ("/invocations", inputs([[[[1, 2, 3]]], 7]), JSON, 400, "array"),
    "no list later": ("/invocations", inputs([[[[1, 2, 3]]], [7]]), JSON, 400, "array"),
    "too many images": ("/invocations", inputs([[[[1, 2, 3]]]] * 1025), JSON, 413, "1,024"),
    "a parameter": (
        "/invocations", json.dumps({"inputs": RED, "params": {"probabilities": "yes"}}), JSON, 400,
        "probabilities",
    ),
    "parameters": ("/invocations", json.dumps({"inputs": RED, "params": 1}), JSON, 400, "params"),
    "an image for JSON": ("/invocations", picture(), PNG, 415, "application/json"),
    "a CSV": ("/invocations", "1,2,3", {"content-type": "text/csv"}, 415, "application/json"),
    "not said what JSON": ("/invocations", inputs(RED), {}, 415, "application/json"),
    "another charset": (
        "/invocations", inputs(RED), {"content-type": "application/json; charset=utf-16"}, 415,
        "utf-8",
    ),
    "another host": ("/predict", picture(), PNG | {"host": "evil.example:8000"}, 421, "Host"),
    "a foreign page": ("/predict", picture(), PNG | {"origin": "http://a.example"}, 403, "pages"),
    "a page from a file": ("/predict", picture(), PNG | {"origin": "null"}, 403, "pages"),
    "no such path": ("/nowhere", b"", {}, 404, "Not Found"),
    "announced too large": (
        "/predict", b"x", PNG | {"content-length": str(200 << 20)}, 413, "32 MiB",
    ),
    "announced absurdly": ("/predict", b"x", PNG | {"content-length": "9" * 18}, 413, "32 MiB"),
    "too much JSON": (
        "/invocations", b"x", JSON | {"content-length": str(17 << 20)}, 413, "16 MiB",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_request_is_refused_with_a_reason_and_the_server_lives(
    server: Running, name: str
) -> None:
    path, body, headers, status, words = BAD[name]
    began = time.monotonic()
    answer = server.ask("POST", path, body, headers)
    seconds = time.monotonic() - began
    assert answer.status == status, answer.body[:300]
    reason = answer.json["error"]
    assert any(word in reason for word in words.split("|")), reason
    assert "/tmp" not in reason and "orchestrator/" not in reason and len(reason) < 500
    assert seconds < AT_ONCE
    assert server.ask("GET", "/ping").status == 200


def test_a_refusal_of_invocations_has_the_keys_of_mlflow(server: Running) -> None:
    answer = server.ask("POST", "/invocations", "[", JSON).json
    assert answer["error_code"] == "BAD_REQUEST"
    assert answer["message"] == answer["error"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_another_method_is_refused(server: Running, method: str) -> None:
    answer = server.ask(method, "/predict")
    assert (answer.status, answer.headers["allow"]) == (405, "POST")


def _connected(server: Running) -> socket.socket:
    place = urlsplit(server.url)
    return socket.create_connection((place.hostname, place.port), timeout=30)


def _head(server: Running, extra: str) -> bytes:
    place = urlsplit(server.url).netloc
    lines = ("POST /predict HTTP/1.1", f"Host: {place}", "Content-Type: image/png", extra, "", "")
    return "\r\n".join(lines).encode()


def _first_line(connection: socket.socket) -> bytes:
    return connection.recv(65536).partition(b"\r\n")[0]


def test_an_endless_body_is_cut_off_with_an_answer(server: Running) -> None:
    megabyte = b"100000\r\n" + bytes(1 << 20) + b"\r\n"
    with _connected(server) as connection:
        connection.sendall(_head(server, "Transfer-Encoding: chunked"))
        for _ in range(MAX_BODY // (1 << 20) + 1):
            connection.sendall(megabyte)
        began = time.monotonic()
        assert _first_line(connection) == b"HTTP/1.1 413 Request Entity Too Large"
        assert time.monotonic() - began < AT_ONCE
        sent = 0
        with pytest.raises(OSError):  # the server has closed; it does not read for ever
            while sent < 2000:
                connection.sendall(megabyte)
                sent += 1
    assert server.ask("GET", "/ping").status == 200


@pytest.mark.parametrize(
    ("extra", "body", "first"),
    [
        ("Content-Length: 10", picture(), b"HTTP/1.1 400 Bad Request"),  # more than it says
        ("Content-Length: ten", b"", b"HTTP/1.1 400 Bad Request"),
        ("Content-Length: -1", b"", b"HTTP/1.1 400 Bad Request"),
        ("Content-Length: 1\r\nContent-Length: 2", b"xx", b"HTTP/1.1 400 Bad Request"),
        ("Transfer-Encoding: chunked", b"zz\r\n", b"HTTP/1.1 400 Bad Request"),
    ],
)
def test_a_length_that_lies(server: Running, extra: str, body: bytes, first: bytes) -> None:
    with _connected(server) as connection:
        connection.sendall(_head(server, extra) + body)
        assert _first_line(connection) == first
    assert server.ask("GET", "/ping").status == 200


def test_a_client_that_goes_away_in_the_middle_does_no_harm(server: Running) -> None:
    for _ in range(3):
        with _connected(server) as connection:
            connection.sendall(_head(server, "Content-Length: 1000") + b"abc")
    assert server.ask("POST", "/predict", picture(), PNG).status == 200


def _called(app: Any, receive: Callable[[], Any]) -> list[dict[str, Any]]:
    """The messages with which an ASGI application answers a POST with a body."""
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/predict", "query_string": b"",
        "headers": [(b"content-length", b"1000")],
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    return sent


def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    async def never() -> dict[str, Any]:
        await asyncio.sleep(3600)
        return {}

    budget = Budget()
    app = BoundedBodies(PlainTextResponse("?"), budget, read_seconds=0.1)
    assert _called(app, never)[0]["status"] == 408
    assert budget.taken == 0


def test_bodies_together_may_not_fill_the_memory() -> None:
    async def chunk() -> dict[str, Any]:
        return {"type": "http.request", "body": bytes(600), "more_body": False}

    budget = Budget(1000)
    app = BoundedBodies(PlainTextResponse("read"), budget)
    with budget.opened() as another:
        another.take(500)
        refused = _called(app, chunk)
        assert refused[0]["status"] == 503
        assert (b"retry-after", b"1") in refused[0]["headers"]
    assert _called(app, chunk)[0]["status"] == 200
    assert budget.taken == 0


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("localhost", True), ("LOCALHOST:8000", True), ("127.0.0.1:1", True), ("[::1]:80", True),
        ("10.1.2.3", True), ("app.localhost:3000", True), ("model.lan:80", True),
        ("evil.example", False), ("localhost.evil.example", False), ("127.0.0.1.a.example", False),
        ("", False), ("model.lan.evil:80", False), ("evillocalhost", False),
    ],
)  # fmt: skip
def test_hosts_that_are_ours(host: str, own: bool) -> None:
    from orchestrator.serving.guard import is_own, own_names

    assert is_own(host, own_names("127.0.0.1", ["Model.lan"])) is own


@pytest.mark.parametrize("path", ["/", "/health", "/nowhere", "/metrics"])
def test_every_answer_has_safe_headers(server: Running, path: str) -> None:
    headers = server.ask("GET", path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "access-control-allow-origin" not in headers and "server" not in headers
