"""Robust from 1,000 labels: what a pool of unlabelled images is worth to adversarial training.

    ORCHESTRATOR_HOME=... python benchmarks/robust_few_labels.py --seeds 3 --minutes 40 --threads 2

A small net is trained adversarially, from scratch, on 1,000 labelled CIFAR-10 images alone, and on
these and the rest of the training images with pseudo-labels of a frozen body whose head has seen
the same 1,000 labels (`weak=teacher`). Each arm is one plain `TrialConfig`; the number of epochs is
what fits into the minutes, by the speed of a few steps, and is written down beside the run. Further
labelled images choose the epoch that is kept (`--validation`); both arms have them.

At the end the `ensemble` attack (APGD-CE, APGD-T, Square) at 8/255 on a balanced sample of the test
images, and clean accuracy on all of them; each finished run is kept under the home folder with its
net, and a run that was cut off goes on from its checkpoint. The test split is opened only then.

Target (issue 8): ensemble at least 25 %, clean at least 65 %, 8 points more robust than without.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from machine import command, machine

from trainables import TrialConfig, train
from trainables.atomic import write_json
from trainables.attacks.making import make_attack
from trainables.attacks.robustness import measure_robustness
from trainables.checkpoint import Checkpoint
from trainables.data import open_test
from trainables.driving import drive
from trainables.home import home
from trainables.net_parts import make_parts
from trainables.record import read_report, write_report
from trainables.reports import EpochReport, TrialReport
from trainables.setup import prepare
from trainables.stratified import balanced_order
from trainables.training import Training
from trainables.trial_model import trial_model
from trainables.weak.of_trial import with_pool

RESULT = Path(__file__).parent / "results" / "robust_few_labels.md"
FOLDER = "robust_few_labels"
ALONE, POOL = "labels alone", "labels and pool"
TEACHER = "teacher:input_size=128,labelled=0.1"
NET: dict[str, Any] = {
    "data": "cifar10", "backbone": "mini_vgg", "tune": "all", "attack": "none",
    "adversarial": "fast", "adversarial_eps_255": 8.0, "augment": "flip_crop",
    "optimiser": "adamw", "lr": 2e-3, "weight_decay": 5e-2, "dropout": 0.0, "batch_size": 128,
    "schedule": "cosine", "robust_size": 256,
}  # fmt: skip
EPS_255 = 8.0
TIMED_STEPS = 12


def config_of(asked: argparse.Namespace, arm: str, seed: int) -> TrialConfig:
    """The trial, with a single epoch."""
    given = dict(setting.split("=", 1) for setting in asked.set)
    fields = {
        **NET, **given,
        "train_size": asked.labels, "val_size": asked.validation, "threads": asked.threads,
        "seed": seed, "split_seed": seed, "epochs": 1,
        "weak": asked.teacher if arm == POOL else "none",
    }  # fmt: skip
    return TrialConfig.model_validate(fields)


def folder_of(config: TrialConfig, minutes: float) -> Path:
    """Where a run is kept, by all that it hangs on."""
    found = home() / "benchmarks" / FOLDER / f"{config.digest}-{minutes:g}min"
    found.mkdir(parents=True, exist_ok=True)
    return found


def epochs_in(config: TrialConfig, minutes: float, folder: Path) -> int:
    """Whole epochs that fit, by the seconds of a few steps; settled once, when the run begins."""
    path = folder / "epochs.json"
    if not path.exists():
        setup = drive(with_pool(config, prepare(config)))
        torch.set_num_threads(config.threads or torch.get_num_threads())
        training = Training(make_parts(config, setup, None).task)
        steps = training.batches.epoch(training.randomness.generator)[: TIMED_STEPS + 2]
        for rows_B, _ in steps[:2]:
            training.step_at(0.0, rows_B)
        began = time.monotonic()
        for rows_B, _ in steps[2:]:
            training.step_at(0.0, rows_B)
        each = (time.monotonic() - began) / len(steps[2:])
        an_epoch = each * training.batches.per_epoch
        epochs = max(1, int(60 * minutes / an_epoch))
        write_json(path, {"epochs": epochs, "seconds_a_step": each, "seconds_an_epoch": an_epoch})
    return int(json.loads(path.read_text())["epochs"])


def trained(config: TrialConfig, minutes: float) -> Path:
    """The folder of a finished training."""
    folder = folder_of(config, minutes)
    if not (folder / "report.json").exists():
        whole = config.replace(epochs=epochs_in(config, minutes, folder))
        print(f"{folder.name}: {whole.epochs} epochs, weak={whole.weak}", flush=True)
        for report in train(whole, Checkpoint(folder / "checkpoint", every=60.0)):
            if isinstance(report, EpochReport):
                shown = {name: round(value, 4) for name, value in report.metrics.items()}
                print(f"  {time.strftime('%H:%M:%S')} epoch {report.epoch}: {shown}", flush=True)
        assert isinstance(report, TrialReport)
        write_report(report, whole, folder)
    return folder


def tested(folder: Path, config: TrialConfig, count: int, attack: str) -> dict[str, float]:
    """Clean accuracy on all test images, and under the attack on `count` of them, in per cent."""
    path = folder / f"test-{count}-{attack.replace(':', '-')}.json"
    if not path.exists():
        record = read_report(folder)
        setup = prepare(config)
        model = trial_model(config, setup, record.report.weights)
        torch.set_num_threads(config.threads or torch.get_num_threads())
        images_NHWC, labels_N = open_test(setup.data, purpose="benchmarks/robust_few_labels.py")
        sample = balanced_order(np.asarray(labels_N), np.random.default_rng(0))[:count]
        began = time.monotonic()
        found = drive(
            measure_robustness(
                model,
                images_NHWC[sample],
                np.asarray(labels_N)[sample],
                make_attack(attack),
                (0.0, EPS_255),
                provenance={"precision": setup.key.precision, "input_size": setup.key.input_size},
                batch_size=250,
            )
        )
        seconds = time.monotonic() - began
        figures = {
            "clean": 100 * accuracy(model, images_NHWC, np.asarray(labels_N)),
            "sample_clean": 100 * found.curve.accuracy[0],
            "robust": 100 * found.curve.accuracy[-1],
            "attack_seconds": seconds,
        }
        write_json(path, figures)
        write_json(folder / "provenance.json", dict(found.curve.provenance))
        print(f"{folder.name}: {figures}", flush=True)
    return dict(json.loads(path.read_text()))


def accuracy(model: torch.nn.Module, images_NHWC: np.ndarray, labels_N: np.ndarray) -> float:
    """Of images as they are."""
    hits = 0
    with torch.inference_mode():
        for start in range(0, len(labels_N), 500):
            part = torch.from_numpy(np.array(images_NHWC[start : start + 500]))
            said_N = model(part.permute(0, 3, 1, 2)).argmax(1).numpy()
            hits += int((said_N == labels_N[start : start + 500]).sum())
    return hits / len(labels_N)


def figures(asked: argparse.Namespace, arm: str, seed: int) -> dict[str, float]:
    """All that the report says of one run."""
    config = config_of(asked, arm, seed)
    minutes = asked.minutes if arm == POOL else asked.alone_minutes or asked.minutes
    folder = trained(config, minutes)
    metrics = read_report(folder).report.metrics
    names = ("train_seconds", "kept_epoch", "val_acc", "val_pgd_acc", "pseudo_labels_acc")
    kept = {name: float(metrics[name]) for name in names if name in metrics}
    epochs = json.loads((folder / "epochs.json").read_text())["epochs"]
    return {**tested(folder, config, asked.sample, asked.attack), **kept, "epochs": epochs}


def table(found: Mapping[str, Sequence[Mapping[str, float]]]) -> str:
    """A row an arm, and the paired difference."""
    lines = [
        "| trained on | clean, % | ensemble at 8/255, % | epochs (kept) | minutes a seed |",
        "| --- | --- | --- | --- | --- |",
    ]
    for arm, runs in found.items():
        kept = ", ".join(f"{run['epochs']:.0f} ({run.get('kept_epoch', 0):.0f})" for run in runs)
        cells = [
            arm, spread([run["clean"] for run in runs]), spread([run["robust"] for run in runs]),
            kept, spread([run["train_seconds"] / 60 for run in runs]),
        ]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    if len(found) == 2:
        pairs = list(zip(found[POOL], found[ALONE], strict=True))
        gains = {name: [a[name] - b[name] for a, b in pairs] for name in ("clean", "robust")}
        lines.append(f"| difference | {spread(gains['clean'])} | {spread(gains['robust'])} | | |")
    return "\n".join(lines)


def spread(values: Sequence[float]) -> str:
    """Mean and range."""
    return f"{np.mean(values):.1f} ({min(values):.1f} to {max(values):.1f})"


def report(asked: argparse.Namespace, found: Mapping[str, Sequence[Mapping[str, float]]]) -> str:
    """The result file."""
    config = config_of(asked, POOL, 0)
    right = [100 * run["pseudo_labels_acc"] for run in found.get(POOL, ())]
    said = f"{spread(right)} % of the pseudo-labels are right" if right else "no pool was used"
    given = dict(setting.split("=", 1) for setting in asked.set)
    changed = {name: getattr(config, name) for name in {**NET, **given}}
    return f"""# Robust from {asked.labels:,} labels

CIFAR-10, {asked.labels:,} labelled training images, {asked.validation:,} more that choose the
epoch to keep; mean (range) of {asked.seeds} seeds, each with a draw of its own. `ensemble` on
{asked.sample:,} test images (a balanced draw; sampling error about
{100 * (0.25 / asked.sample) ** 0.5:.1f} points at the most), clean accuracy on all of them.
`weak={asked.teacher}`: {said}, counted afterwards and used for nothing.

{table(found)}

Target: ensemble at least 25 %, clean at least 65 %, 8 points more robust than without the pool.

The trial: `{changed}`. {asked.threads} thread(s).

{machine("torch", "numpy")}

    {command()}
"""


def parsed() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=40.0, help="of training, a seed and arm")
    parser.add_argument("--alone-minutes", type=float, help="of the labels alone (--minutes)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--labels", type=int, default=1000)
    parser.add_argument("--validation", type=int, default=500)
    parser.add_argument("--teacher", default=TEACHER, help="what `weak` says of the pool's arm")
    parser.add_argument("--arms", nargs="+", default=[ALONE, POOL], choices=[ALONE, POOL])
    parser.add_argument("--sample", type=int, default=1000, help="test images that are attacked")
    parser.add_argument("--attack", default="ensemble")
    parser.add_argument("--set", nargs="*", default=[], help="fields of the trial, NAME=VALUE")
    parser.add_argument("--out", type=Path, default=RESULT)
    return parser.parse_args()


def main() -> None:
    """Runs what has not been run yet, seed by seed, and writes the table."""
    asked = parsed()
    found: dict[str, list[dict[str, float]]] = {arm: [] for arm in asked.arms}
    for seed in range(asked.seeds):
        for arm in asked.arms:
            found[arm].append(figures(asked, arm, seed))
    text = report(asked, found)
    print(text)
    asked.out.write_text(text)


if __name__ == "__main__":
    main()
