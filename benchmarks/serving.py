"""Requests a second and waiting times of `orchestrator serve` under load, batching on and off.

    python benchmarks/serving.py

Starts the command itself on the exported net of `--backbone` (it sees `--input-size` px) and asks
`/predict` for one PNG of `--image-size` px from `--clients` connections, each of which asks again
as soon as it is answered. The load is `wrk` where it is installed, else threads of this file, in a
process of their own; it shares the cores with the server. Batching on and off take turns, each
time with a fresh server; a round counts after `--warm-up` seconds. About 5 minutes as it stands.
"""

from __future__ import annotations

import argparse
import http.client
import io
import json
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import PIL.Image
from machine import machine

RESULT = Path(__file__).parent / "results" / "serving.md"
WAYS = ("--batching", "--no-batching")
_LUA = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "image/png"
local file = io.open("{image}", "rb")
wrk.body = file:read("*all")
file:close()
"""


@dataclass(frozen=True)
class Round:
    """One server under one load.

    Args:
        rate: requests answered with 200 a second.
        p50, p99: milliseconds.
        failed: requests that were not answered with 200.
        batch: mean number of images in a pass.
    """

    rate: float
    p50: float
    p99: float
    failed: int
    batch: float


def main() -> None:
    """Measures, prints and writes the table."""
    options = _options()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        model = _model(folder, options)
        image = _image(folder, options.image_size)
        rounds: dict[tuple[int, str], list[Round]] = {}
        for _ in range(options.rounds):
            for clients in options.clients:
                for way in WAYS:
                    found = _measure(model, image, way, clients, options)
                    rounds.setdefault((clients, way), []).append(found)
                    print(clients, way, found, flush=True)
    text = "\n".join(_lines(rounds, options))
    print(text)
    options.out.write_text(text)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backbone", default="tf_efficientnet_lite0")
    parser.add_argument("--input-size", type=int, default=128)
    parser.add_argument("--image-size", type=int, default=32)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 16])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--warm-up", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--load", choices=("wrk", "threads"), default=None)
    parser.add_argument("--out", type=Path, default=RESULT)
    parser.add_argument("--ask", help=argparse.SUPPRESS)  # this file as the load
    parser.add_argument("--image", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.load = options.load or ("wrk" if shutil.which("wrk") else "threads")
    if options.ask:
        print(json.dumps(_asked(options.ask, options.image.read_bytes(), options)))
        raise SystemExit
    return options


def _model(folder: Path, options: argparse.Namespace) -> Path:
    """A folder of MLflow's with a pretrained body and a head that knows nothing."""
    import mlflow.pytorch
    from mlflow.models import ModelSignature
    from mlflow.types import Schema, TensorSpec

    from trainables.bodies import body_of
    from trainables.classifier import build_classifier
    from trainables.config import TrialConfig
    from trainables.served import ServedClassifier
    from trainables.weights_digest import weights_digest

    fields = {"backbone": options.backbone, "input_size": options.input_size}
    config = TrialConfig.model_validate(fields)
    features = body_of(config, weights_digest(config)).features
    weights = {"weight": np.zeros((10, features), np.float32), "bias": np.zeros(10, np.float32)}
    images = TensorSpec(np.dtype(np.uint8), (-1, -1, -1, -1))
    logits = TensorSpec(np.dtype(np.float32), (-1, 10))
    size = options.image_size
    example = np.random.default_rng(0).integers(0, 256, (2, size, size + 1, 3), dtype=np.uint8)
    mlflow.pytorch.save_model(
        ServedClassifier(build_classifier(config, weights)).eval(),
        str(folder / "model"),
        signature=ModelSignature(inputs=Schema([images]), outputs=Schema([logits])),
        input_example=example,
        pip_requirements=["torch"],
        serialization_format="pt2",
        metadata={"classes": [str(index) for index in range(10)], "image_size": size},
    )
    return folder / "model"


def _image(folder: Path, size: int) -> Path:
    """A PNG of noise, the dearest to decode of its size."""
    noise = np.random.default_rng(0).integers(0, 256, (size, size, 3), dtype=np.uint8)
    out = io.BytesIO()
    PIL.Image.fromarray(noise).save(out, "PNG")
    path = folder / "image.png"
    path.write_bytes(out.getvalue())
    return path


def _measure(
    model: Path, image: Path, way: str, clients: int, options: argparse.Namespace
) -> Round:
    with _server(model, way, options.threads) as url:
        load = _wrk if options.load == "wrk" else _own_load
        load(url, image, clients, options.warm_up)
        before = _batches(url)
        rate, p50, p99, failed = load(url, image, clients, options.seconds)
        passes, images = (after - old for after, old in zip(_batches(url), before, strict=True))
    return Round(rate, p50, p99, failed, images / max(passes, 1))


@contextmanager
def _server(model: Path, way: str, threads: int) -> Iterator[str]:
    line = [sys.executable, "-m", "orchestrator.cli", "serve", str(model), "--port", "0", way]
    server = subprocess.Popen([*line, "--threads", str(threads)], stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    try:
        said = ""
        for said in server.stderr:
            if said.startswith("http://"):
                break
        else:
            raise RuntimeError(f"the server ended: {said}")
        yield said.split()[0]
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)


def _batches(url: str) -> tuple[float, float]:
    """Passes so far, and images in them."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    found = dict(re.findall(r"^orchestrator_batch_images_(count|sum) (\S+)$", text, re.MULTILINE))
    return float(found["count"]), float(found["sum"])


def _wrk(url: str, image: Path, clients: int, seconds: int) -> tuple[float, float, float, int]:
    script = image.with_suffix(".lua")
    script.write_text(_LUA.format(image=image))
    said = subprocess.run(
        ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--latency", "--timeout", "30s",
         "-s", str(script), f"{url}/predict"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    waits = dict(re.findall(r"^ +(50|99)% +(\S+) *$", said, re.MULTILINE))
    rate = re.search(r"Requests/sec:\s+(\S+)", said)
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    lost = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
    if rate is None or len(waits) != 2:
        raise RuntimeError(f"wrk said: {said}")
    failed = int(bad[1]) if bad else 0
    failed += sum(map(int, lost.groups())) if lost else 0
    return float(rate[1]), _milliseconds(waits["50"]), _milliseconds(waits["99"]), failed


def _milliseconds(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()  # type: ignore[union-attr]
    return float(number) * {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}[unit]


def _own_load(url: str, image: Path, clients: int, seconds: int) -> tuple[float, float, float, int]:
    line = [sys.executable, __file__, "--ask", url, "--image", str(image)]
    line += ["--clients", str(clients), "--seconds", str(seconds)]
    said = subprocess.run(line, capture_output=True, text=True, check=True).stdout
    rate, p50, p99, failed = json.loads(said)
    return rate, p50, p99, failed


def _asked(url: str, body: bytes, options: argparse.Namespace) -> tuple[float, float, float, int]:
    """The load of this file: threads that ask over one connection each."""
    waits: list[float] = []
    failed: list[int] = []
    end = time.perf_counter() + options.seconds

    def client() -> None:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        while (began := time.perf_counter()) < end:
            connection.request("POST", "/predict", body, {"Content-Type": "image/png"})
            response = connection.getresponse()
            response.read()
            (waits if response.status == 200 else failed).append(time.perf_counter() - began)  # type: ignore[arg-type]

    threads = [threading.Thread(target=client) for _ in range(options.clients[0])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    p50, p99 = np.percentile(waits, [50, 99]) * 1000
    return len(waits) / options.seconds, float(p50), float(p99), len(failed)


def _lines(
    rounds: dict[tuple[int, str], list[Round]], options: argparse.Namespace
) -> Iterator[str]:
    yield "# Serving: requests a second and waiting times\n"
    yield (
        f"`/predict`, one PNG of {options.image_size} x {options.image_size} px a request, "
        f"{options.backbone} at {options.input_size} px, {options.threads} torch threads; load: "
        f"{options.load}, {options.seconds} s a round, n = {options.rounds} rounds in turn, "
        "median (range)."
    )
    yield "How it is measured is said in `benchmarks/serving.py`.\n"
    yield "| clients | batching | requests/s | p50, ms | p99, ms | images a pass | failed |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for (clients, way), found in sorted(rounds.items()):
        on = "on" if way == "--batching" else "off"
        figures = (
            words([getattr(each, name) for each in found]) for name in ("rate", "p50", "p99")
        )
        batch = statistics.median(each.batch for each in found)
        failed = sum(each.failed for each in found)
        yield f"| {clients} | {on} | {' | '.join(figures)} | {batch:.1f} | {failed} |"
    yield ""
    yield f"{machine('torch', 'fastapi', 'uvicorn')}\n"
    yield (
        f"    python benchmarks/serving.py --backbone {options.backbone} --input-size "
        f"{options.input_size} --clients {' '.join(map(str, options.clients))} "
        f"--rounds {options.rounds} --seconds {options.seconds}\n"
    )


def words(values: list[float]) -> str:
    """Median and range."""
    return f"{statistics.median(values):.1f} ({min(values):.1f} to {max(values):.1f})"


if __name__ == "__main__":
    main()
