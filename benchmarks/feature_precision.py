"""What bfloat16 costs in accuracy and gains in speed, body by body; prints Markdown.

    python benchmarks/feature_precision.py --backbones tf_efficientnet_lite0,tf_efficientnet_lite2

Accuracy: a linear probe (standardised features, logistic regression) on 1,000 labels, held-out
accuracy on the other images, float32 and bfloat16 features of the same images in the same splits,
so the difference is paired. Speed: the layouts in turn, batch after batch, so that what else the
machine does hits all alike; CPU seconds on one thread, or wall seconds with --threads 2 and more.
Only official training images are used.
"""

from __future__ import annotations

import argparse
import copy
import os
import platform
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from trainables.backbones import Body, load_body
from trainables.data import load
from trainables.features.extract import Extractor
from trainables.model import Preprocess

TRAIN = 1000
BATCH = 32


def features(body: Body, images_NHWC: np.ndarray, size: int, precision: str) -> np.ndarray:
    """Features_NF, uncached."""
    extractor = Extractor(body, input_size=size, resize="bicubic", precision=precision)
    return np.concatenate(list(extractor.run(images_NHWC, np.arange(len(images_NHWC)))))


def probe(features_NF: np.ndarray, labels_N: np.ndarray, seed: int) -> float:
    """Held-out accuracy in percent of a probe on `TRAIN` labels."""
    order = np.random.default_rng(seed).permutation(len(labels_N))
    train, rest = order[:TRAIN], order[TRAIN:]
    scaler = StandardScaler().fit(features_NF[train])
    head = LogisticRegression(C=0.01, max_iter=500)  # as benchmarks/normalisation.py
    head.fit(scaler.transform(features_NF[train]), labels_N[train])
    return 100 * float(head.score(scaler.transform(features_NF[rest]), labels_N[rest]))


def accuracy_row(name: str, size: int, images: int, splits: int) -> str:
    """One line of the first table."""
    data = load("cifar10")
    body = load_body(name)
    pixels = np.asarray(data.images_NHWC[:images])
    labels = np.asarray(data.labels_N[:images])
    float32, bfloat16 = (features(body, pixels, size, p) for p in ("float32", "bfloat16"))
    scores = np.array([[probe(f, labels, s) for f in (float32, bfloat16)] for s in range(splits)])
    gain = scores[:, 1] - scores[:, 0]
    error = gain.std(ddof=1) / splits**0.5
    means = scores.mean(axis=0)
    return (
        f"| {name}, {size} | {means[0]:.2f} | {means[1]:.2f} | {gain.mean():+.3f} ± {error:.3f} "
        f"({gain.min():+.2f} to {gain.max():+.2f}) | {splits} splits, {images - TRAIN} held out |"
    )


def layouts(body: Body, size: int) -> Iterator[tuple[str, Callable[[], object]]]:
    """What is compared: name and a function that takes one batch of pixels to features."""
    batch_NHWC = np.random.default_rng(0).integers(0, 256, (BATCH, 32, 32, 3), np.uint8)
    images_NCHW = torch.from_numpy(batch_NHWC).permute(0, 3, 1, 2).contiguous()
    preprocess = Preprocess(size, body.spec.mean, body.spec.std, "bicubic")
    plain = copy.deepcopy(body.module)
    last = copy.deepcopy(body.module).to(memory_format=torch.channels_last)

    def forward(module: torch.nn.Module, layout: torch.memory_format, bfloat16: bool) -> object:
        with torch.inference_mode():
            images = preprocess(images_NCHW).contiguous(memory_format=layout)
            with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
                return module(images)

    yield "float32", lambda: forward(plain, torch.contiguous_format, False)
    yield "float32 channels_last", lambda: forward(last, torch.channels_last, False)
    yield "bfloat16 channels_last", lambda: forward(last, torch.channels_last, True)
    for precision in ("float32", "bfloat16"):
        fast = Extractor(body, input_size=size, resize="bicubic", precision=precision)
        yield f"Extractor, {precision}", lambda fast=fast: fast.forward(batch_NHWC)


def speed_rows(name: str, size: int, rounds: int, threads: int) -> Iterator[str]:
    """Lines of the second table: images a second of each layout."""
    clock = time.process_time if threads == 1 else time.perf_counter
    entries = list(layouts(load_body(name), size))
    seconds: dict[str, list[float]] = {label: [] for label, _ in entries}
    for number in range(rounds + 1):
        for label, run in entries:
            started = clock()
            run()
            if number:  # the first round builds kernels
                seconds[label].append(clock() - started)
    base = np.median(seconds["float32"])
    for label, taken in seconds.items():
        rate = BATCH / np.array(taken)
        spread = f"{rate.min():.0f} to {rate.max():.0f}"
        yield (
            f"| {name}, {size} | {label} | {np.median(rate):.0f} ({spread}) | "
            f"{base / np.median(taken):.2f} |"
        )


def main() -> None:
    """Prints both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backbones", default="tf_efficientnet_lite0,tf_efficientnet_lite2")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--images", type=int, default=4000, help="0: speed only")
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    names = options.backbones.split(",")
    print(f"{cpu()}; torch {torch.__version__}; {options.threads} threads; batch {BATCH}\n")
    if options.images:
        print("| body, px | float32 % | bfloat16 % | paired difference, points | n |")
        print("| --- | --- | --- | --- | --- |")
        for name in names:
            print(accuracy_row(name, options.size, options.images, options.splits), flush=True)
        print()
    print(f"| body, px | layout | images/s, median of {options.rounds} (spread) | times float32 |")
    print("| --- | --- | --- | --- |")
    for name in names:
        for row in speed_rows(name, options.size, options.rounds, options.threads):
            print(row, flush=True)


def cpu() -> str:
    """The processor, and whether it multiplies bfloat16 in hardware."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((x.partition(":")[2].strip() for x in lines if x.startswith("model name")), "")
    flags = {flag for line in lines if line.startswith("flags") for flag in line.split()}
    has = [flag for flag in ("avx512_bf16", "amx_bf16") if flag in flags]
    return f"{model or platform.machine()}, {os.cpu_count()} cores, {' '.join(has)}"


if __name__ == "__main__":
    main()
