"""How fast is our PGD, beside ART's and beside the bare passes through the net?

    pip install 'orchestrator[dev]'
    python benchmarks/attacks.py

PGD, random start, steps of eps/4, on CIFAR-10 validation images that the net has right, float32,
one thread, the same batches for all. Each net is trained first, for a short while. In each round
three things run in turn, the first round not counted:

- bare: forward and backward (of the sum of the logits, with respect to the images; parameters are
  frozen) as often as PGD has steps, and one forward, for every image; nothing else;
- ours: `measure_robustness` with `pgd`, everything that a trial's score takes;
- ART's `ProjectedGradientDescentPyTorch`, and one forward for the verdict.

Ours lets images go as soon as they are broken, so it takes fewer passes; its images a second are
compared with ART's, its passes a second with the bare ones. At 8/255 a net that was trained on
clean images stands for a step or two only; at the small epsilon most of its images take all steps.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from machine import machine
from torch import nn

from trainables.attacks.pgd import PGD
from trainables.attacks.robustness import BATCH, Robustness, measure_robustness
from trainables.attacks.traces import leaving_no_trace
from trainables.config import TrialConfig
from trainables.reports import TrialReport
from trainables.setup import prepare
from trainables.trial import train
from trainables.trial_model import trial_model

RESULT = Path(__file__).parent / "results" / "attacks.md"
CASES = (("resnet9", 32, "all"), ("tf_efficientnet_lite0", 128, "head"))
EPS_255 = (0.25, 8.0)
TRAIN = 1000


@dataclass(frozen=True)
class Case:
    """A trained net, and images that it has right."""

    name: str
    model: nn.Module
    images_NHWC: np.ndarray
    labels_N: np.ndarray

    @property
    def tensors(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Images [N, C, H, W] in [0, 1], and labels."""
        pixels = torch.from_numpy(np.ascontiguousarray(self.images_NHWC.transpose(0, 3, 1, 2)))
        return pixels.float() / 255, torch.from_numpy(self.labels_N)


def main() -> None:
    """Measures every case, prints and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", type=int, default=64)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=4, help="of the net from scratch")
    parser.add_argument("--only", choices=[name for name, *_ in CASES])
    parser.add_argument("--out", type=Path, default=RESULT)
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    for name, size, tune in CASES:
        if options.only in (None, name):
            case = trained(name, size, tune, options)
            rows += [row(case, eps, options) for eps in EPS_255]
    text = "\n".join(
        [
            "# How fast is our PGD, beside ART's and beside the bare passes through the net?\n",
            f"PGD-{options.steps}, {options.images} CIFAR-10 images that the net has right, "
            f"float32, batches of {BATCH}, one thread, n = {options.rounds}; medians (lowest to "
            "highest).",
            "How it is measured is said in `benchmarks/attacks.py`.\n",
            "| net, px | eps | bare, passes/s | ours, passes/s | ours / bare | ours, images/s "
            "| ART, images/s | ours / ART | robust accuracy, ours and ART |",
            "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
            *rows,
            "",
            f"{machine('torch', 'adversarial-robustness-toolbox')}\n",
            f"    python benchmarks/attacks.py --rounds {options.rounds} --images {options.images}"
            f" --steps {options.steps} --epochs {options.epochs}\n",
        ]
    )
    print(text)
    options.out.write_text(text)


def trained(name: str, size: int, tune: str, options: argparse.Namespace) -> Case:
    """The net of a trial, in float32, and the first of its validation images that it has right."""
    epochs = {"epochs": options.epochs} if tune == "all" else {}
    config = TrialConfig.model_validate(
        {
            "backbone": name, "input_size": size, "tune": tune, "precision": "float32",
            "train_size": TRAIN, "val_size": TRAIN, "attack": "none", "threads": 1, **epochs,
        }
    )  # fmt: skip
    report = next(each for each in train(config) if isinstance(each, TrialReport))
    setup = prepare(config)
    model = trial_model(config, setup, report.weights)
    val = next(part for part in report.predictions if part.split == "val")
    rows_N = val.indices_N[val.predicted_N == val.labels_N][: options.images]
    labels_N = np.asarray(setup.data.labels_N)[rows_N].astype(np.int64)
    print(f"{name}: val_acc {report.metrics['val_acc']:.3f}", flush=True)
    return Case(f"{name}, {size}", model, setup.data.images_NHWC[rows_N], labels_N)


def row(case: Case, eps_255: float, options: argparse.Namespace) -> str:
    """A line of the table."""
    attack = PGD(steps=options.steps)
    art = art_pgd(case, eps_255, options.steps)
    bare_s, our_s, art_s, ours_a_second = [], [], [], []
    count = len(case.labels_N)
    bare_passes = count * (2 * options.steps + 1)
    for _ in range(options.rounds + 1):
        bare_s.append(timed(lambda: bare(case, options.steps))[0])
        seconds, found = timed(lambda: ours(case, attack, eps_255))
        told = found.curve.provenance
        our_s.append(seconds)
        ours_a_second.append((told["forward_images"] + told["backward_images"]) / seconds)
        seconds, art_right = timed(lambda: verdict(case, art()))
        art_s.append(seconds)
    bare_rates = [bare_passes / each for each in bare_s[1:]]
    of_bare = [a / b for a, b in zip(ours_a_second[1:], bare_rates, strict=True)]
    of_art = [a / b for a, b in zip(art_s[1:], our_s[1:], strict=True)]
    cells = [
        spread(bare_rates), spread(ours_a_second[1:]), spread(of_bare, 2),
        spread([count / each for each in our_s[1:]]), spread([count / each for each in art_s[1:]]),
        spread(of_art, 2), f"{found.curve.accuracy[1]:.3f}, {art_right:.3f}",
    ]  # fmt: skip
    return f"| {case.name} | {eps_255:g}/255 | " + " | ".join(cells) + " |"


def bare(case: Case, steps: int) -> None:
    """The passes alone."""
    images_NCHW, _ = case.tensors
    with leaving_no_trace(case.model):
        for batch in images_NCHW.split(BATCH):
            images = batch.clone().requires_grad_(True)
            for _ in range(steps):
                torch.autograd.grad(case.model(images).sum(), images)
            with torch.no_grad():
                case.model(batch)


def ours(case: Case, attack: PGD, eps_255: float) -> Robustness:
    """As a trial measures its score."""
    run = measure_robustness(
        case.model, case.images_NHWC, case.labels_N, attack, (0, eps_255), provenance={}
    )
    while True:
        try:
            next(run)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


def art_pgd(case: Case, eps_255: float, steps: int) -> Callable[[], np.ndarray]:
    """ART's attack with the same settings."""
    from art.attacks.evasion.projected_gradient_descent import (
        projected_gradient_descent_pytorch as pgd,
    )
    from art.estimators.classification import PyTorchClassifier

    images_NCHW, labels_N = case.tensors
    estimator = PyTorchClassifier(
        case.model, nn.CrossEntropyLoss(), tuple(images_NCHW.shape[1:]), 10,
        clip_values=(0, 1), device_type="cpu",
    )  # fmt: skip
    eps = eps_255 / 255
    attack = pgd.ProjectedGradientDescentPyTorch(
        estimator, eps=eps, eps_step=eps / 4, max_iter=steps, num_random_init=1,
        batch_size=BATCH, verbose=False,
    )  # fmt: skip

    def run() -> np.ndarray:
        with leaving_no_trace(case.model):
            found: np.ndarray = attack.generate(images_NCHW.numpy(), labels_N.numpy())
        return found

    return run


def verdict(case: Case, attacked_NCHW: np.ndarray) -> float:
    """Share of images that are still right."""
    right = []
    with leaving_no_trace(case.model), torch.no_grad():
        for start in range(0, len(attacked_NCHW), BATCH):
            part = torch.from_numpy(attacked_NCHW[start : start + BATCH])
            said = case.model(part).argmax(dim=1).numpy()
            right.append(said == case.labels_N[start : start + BATCH])
    return float(np.concatenate(right).mean())


def timed(call: Callable[[], object]) -> tuple[float, object]:
    """Seconds, and what it gave."""
    began = time.perf_counter()
    found = call()
    return time.perf_counter() - began, found


def spread(values: list[float], digits: int = 1) -> str:
    """Median and range."""
    low, high = min(values), max(values)
    return f"{statistics.median(values):.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


if __name__ == "__main__":
    main()
