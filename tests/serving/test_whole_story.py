"""From a search to a champion that answers over HTTP, to a better one, and back: real commands."""

from __future__ import annotations

import io
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image
from sklearn.datasets import load_digits

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

ORCHESTRATOR = (sys.executable, "-m", "orchestrator.cli")
NET = (
    "--data", "digits", "--backbones", "mini_vgg", "--set", "tune=all", "--set", "width=8",
    "--set", "depth=2", "--set", "threads=1", "--train-size", "300", "--val-size", "100",
    "--robust-size", "30", "--trials", "2", "--local",
)  # fmt: skip
QUICK = (
    "--name", "digits", "--repeats", "2", "--finalists", "1", "--attack", "pgd:steps=3",
    "--attack-images", "200", "--local",
)  # fmt: skip


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*ORCHESTRATOR, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 1), done.stderr[-3000:]
    return done


def searched(folder: Path, study: str, epochs: int, lr: float) -> None:
    recipe = ("--set", f"epochs={epochs}", "--set", f"lr={lr}")
    found = run(folder, "search", "backbone_compare", "--study", study, *NET, *recipe)
    assert found.returncode == 0, found.stderr[-3000:]


def png() -> tuple[bytes, int]:
    """A digit as people would save it, and what it shows."""
    digits = load_digits()
    grey = (digits.images[0] * 255 / 16).astype("uint8")
    held = io.BytesIO()
    Image.fromarray(grey).convert("RGB").save(held, "PNG")
    return held.getvalue(), int(digits.target[0])


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The address of `orchestrator serve digits@champion`."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    server = subprocess.Popen(
        [*ORCHESTRATOR, "serve", "digits@champion", "--port", str(port), "--reload-seconds", "0.5"],
        cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(lambda: answers(f"{address}/ping"), "the server")
        yield address
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def wait_for(holds, what: str, seconds: float = 90) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, f"waited for {what}"
        time.sleep(0.2)


def curl(address: str, image: Path) -> dict:
    """As a person would ask."""
    done = subprocess.run(
        ["curl", "-sS", "--fail", "--data-binary", f"@{image}", "-H", "Content-Type: image/png",
         f"{address}/predict"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    answer: dict = json.loads(done.stdout)
    return answer


class Load:
    """Clients that ask without a pause until they are told to stop; what each answer said."""

    def __init__(self, address: str, image: bytes, clients: int = 2) -> None:
        self.seen: Counter[str] = Counter()
        self._stop = threading.Event()
        self._request = f"{address}/predict", image
        self._threads = [threading.Thread(target=self._ask) for _ in range(clients)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        url, image = self._request
        while not self._stop.is_set():
            request = urllib.request.Request(url, image, {"Content-Type": "image/png"})
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    self.seen[f"version {json.load(answer)['version']}"] += 1
            except OSError as error:
                self.seen[f"failed: {error}"] += 1


def test_search_promote_serve_promote_again_and_roll_back(tmp_path: Path) -> None:
    image, digit = png()
    picture = tmp_path / "digit.png"
    picture.write_bytes(image)
    searched(tmp_path, "poor", epochs=1, lr=1e-3)
    first = run(tmp_path, "promote", "poor", *QUICK)
    assert first.returncode == 0, first.stdout + first.stderr[-3000:]
    with serving(tmp_path) as address:
        told = curl(address, picture)
        assert told["version"] == "1" and len(told["predictions"][0]["probabilities"]) == 10
        assert str(told["predictions"][0]["label"]) in told["predictions"][0]["probabilities"]

        searched(tmp_path, "good", epochs=30, lr=1e-2)
        with Load(address, image) as load:
            second = run(tmp_path, "promote", "good", *QUICK)
            assert second.returncode == 0, second.stdout + second.stderr[-3000:]
            wait_for(lambda: load.seen["version 2"] > 5, "version 2")
        assert set(load.seen) == {"version 1", "version 2"}, load.seen
        assert curl(address, picture)["predictions"][0]["label"] == str(digit)

        # The poor one again: it is not better than the champion, so nothing changes.
        again = run(tmp_path, "promote", "poor", *QUICK)
        assert again.returncode == 1 and re.search("[Rr]efused", again.stdout + again.stderr)
        assert curl(address, picture)["version"] == "2"

        back = run(tmp_path, "rollback", "digits")
        assert back.returncode == 0, back.stderr
        wait_for(lambda: curl(address, picture)["version"] == "1", "version 1")
    listed = json.loads(run(tmp_path, "models", "--json").stdout)["versions"]
    assert {v["version"]: v["aliases"] for v in listed if v["aliases"]} == {
        "1": ["champion"],
        "2": ["previous"],
    }
