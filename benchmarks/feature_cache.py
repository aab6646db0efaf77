"""Does extraction lose anything against the bare forward pass, and what does a warm cache cost?

    python benchmarks/feature_cache.py [--backbone tf_efficientnet_lite0] [--size 128] [--rounds 7]

(a) Extraction through the cache (lookup, batches, segments written and synced, a fresh cache each
round) against `body(preprocess(batch))` over the same images in the same batches and precision,
resize included in both, in turn in one process; each pair of neighbours gives one ratio. The
bare pass is the plain body, channels_last under autocast; the extractor folds BatchNorm, so the
bare pass over the extractor's own copy of the body is measured too: that ratio is what the cache
and its batching cost.
(b) From `cached_features` on a warm cache to features in memory, for the images of one trial and
for all; with torch not imported.

--clock cpu counts this process's CPU seconds instead of wall seconds: on a machine that does other
things too it is the one that repeats, with --threads 1 (waiting for the disk is not in it).

The search-level part (a second search's first head) is benchmarks/second_search.py.
Prints Markdown; writes to a temporary ORCHESTRATOR_HOME and to nothing else. Official training
images only; --data digits needs no download.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from pathlib import Path

import numpy as np
import torch

from trainables.backbones import Body, load_body
from trainables.data import ImageData, load
from trainables.features import FeatureBlock, FeatureKey, cached_features, settle_precision
from trainables.features.extract import Extractor
from trainables.home import home
from trainables.model import Preprocess

WARM = """
import sys, time
import numpy as np
from trainables.data import load
from trainables.features import FeatureKey, cached_features
key = FeatureKey.from_json(sys.argv[2])
data = load(sys.argv[1])
clock = {"wall": time.perf_counter, "cpu": time.process_time}[sys.argv[5]]
for count in map(int, sys.argv[3].split(",")):
    indices = np.random.default_rng(0).permutation(int(sys.argv[4]))[:count]
    started = clock()
    generator = cached_features(data, indices, None, key)
    try:
        next(generator)
    except StopIteration as end:
        assert end.value.extracted == 0
    print(count, clock() - started)
assert "torch" not in sys.modules
"""


CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}


def run(generator: Generator[object, None, FeatureBlock]) -> FeatureBlock:
    """Runs it to its end."""
    while True:
        try:
            next(generator)
        except StopIteration as end:
            return end.value


def bare_pass(
    module: torch.nn.Module, preprocess: Preprocess, batches: list[torch.Tensor], bfloat16: bool
) -> None:
    """Nothing but resize, normalise and forward, batch after batch."""
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
        for batch_NCHW in batches:
            module(preprocess(batch_NCHW).contiguous(memory_format=torch.channels_last))


def contestants(
    data: ImageData, body: Body, key: FeatureKey, indices: np.ndarray, threads: int
) -> dict[str, Callable[[], None]]:
    """What is timed, by name: each takes `indices` from pixels to features once."""
    extractor = Extractor(
        body, input_size=key.input_size, resize=key.resize, precision=key.precision
    )
    preprocess = Preprocess(key.input_size, body.spec.mean, body.spec.std, key.resize)
    pixels_NCHW = torch.from_numpy(data.images_NHWC[indices].transpose(0, 3, 1, 2).copy())
    batches = list(pixels_NCHW.split(extractor.batch_size))
    last = load_body(key.backbone).module.to(memory_format=torch.channels_last)
    bfloat16 = key.precision == "bfloat16"

    def cached() -> None:
        with tempfile.TemporaryDirectory() as folder:
            os.environ["ORCHESTRATOR_HOME"] = folder
            block = run(cached_features(data, indices, lambda: body, key, threads=threads))
        assert block.extracted == len(indices) and not block.note

    return {
        "bare": lambda: bare_pass(last, preprocess, batches, bfloat16),
        "bare, folded body": lambda: bare_pass(
            extractor._replicas[0][1], preprocess, batches, bfloat16
        ),
        "extraction": cached,
    }


def compare(
    entries: dict[str, Callable[[], None]],
    rounds: int,
    images: int,
    clock: Callable[[], float],
) -> None:
    """Prints part (a)."""
    seconds: dict[str, list[float]] = {name: [] for name in entries}
    for number in range(rounds + 1):
        order = list(entries) if number % 2 else list(reversed(entries))
        for name in order:
            started = clock()
            entries[name]()
            if number:  # the first round builds kernels
                seconds[name].append(clock() - started)
    own = np.array(seconds["extraction"])
    print("| what | images/s, median (spread) | extraction / this, median (spread) |")
    print("| --- | --- | --- |")
    for name, taken in seconds.items():
        rate, ratio = images / np.array(taken), np.array(taken) / own
        print(f"| {name} | {summary(rate, '.1f')} | {summary(ratio, '.3f')} |")


def summary(values: np.ndarray, style: str) -> str:
    """Median and spread."""
    return f"{np.median(values):{style}} ({values.min():{style}} to {values.max():{style}})"


def warm_cache(key: FeatureKey, name: str, cached: int, rounds: int, clock: str) -> None:
    """Prints part (b), each round in a fresh process, over a cache that is in place."""
    counts = f"{min(2000, cached)},{cached}"
    command = [sys.executable, "-c", WARM, name, key.to_json(), counts, str(cached), clock]
    found: dict[int, list[float]] = {}
    for _ in range(rounds):
        answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        for line in answer.splitlines():
            count, taken = line.split()
            found.setdefault(int(count), []).append(1000 * float(taken))
    print("\n| images out of the warm cache | ms, median (spread) |")
    print("| --- | --- |")
    for count, taken in found.items():
        print(f"| {count} of {cached} | {summary(np.array(taken), '.1f')} |")


def fill_with_noise(key: FeatureKey, images: int, width: int) -> None:
    """A cache of the size of all of CIFAR-10 without the minutes of extracting it."""
    from trainables.features.store import FeatureStore

    store = FeatureStore(home() / "features", key)
    store.prepare()
    rng = np.random.default_rng(0)
    for start in range(0, images, 5000):
        bits = rng.standard_normal((5000, width), np.float32).view(np.uint32) & 0xFFFF0000
        store.add(np.arange(start, start + 5000), bits.view(np.float32))


def main() -> None:
    """Prints hardware, versions, command and both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="cifar10")
    parser.add_argument("--backbone", default="tf_efficientnet_lite0")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--images", type=int, default=640)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--clock", choices=list(CLOCKS), default="wall")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    data, body = load(options.data), load_body(options.backbone)
    precision = settle_precision(options.precision, "cpu")
    key = FeatureKey(data.digest, options.backbone, body.digest, options.size, "bicubic", precision)
    indices = np.arange(min(options.images, len(data)))
    print(f"    python {' '.join(sys.argv)}\n")
    load_now = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(
        f"{processor()}, {os.cpu_count()} cores, {options.threads} threads, load {load_now:.1f}; "
        f"Python {platform.python_version()}, torch {torch.__version__}; {options.backbone} at "
        f"{options.size} px, {precision}, {len(indices)} images, n = {options.rounds}, "
        f"{options.clock} seconds\n"
    )
    before = os.environ.get("ORCHESTRATOR_HOME")
    entries = contestants(data, body, key, indices, options.threads)
    compare(entries, options.rounds, len(indices), CLOCKS[options.clock])
    with tempfile.TemporaryDirectory() as folder:
        source = Path(before) if before else Path.home() / ".cache" / "orchestrator"
        (Path(folder) / "data").symlink_to(source / "data")
        os.environ["ORCHESTRATOR_HOME"] = folder
        fill_with_noise(key, 50_000, body.spec.features)
        warm_cache(key, options.data, 50_000, options.rounds, options.clock)


def processor() -> str:
    """The CPU's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    return next((x.partition(":")[2].strip() for x in lines if x.startswith("model name")), "")


if __name__ == "__main__":
    main()
