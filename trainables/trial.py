"""`train`: one trial, from a config to a report. Runs in a bare Python prompt.

Shapes: N images, F features, K classes.
"""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from search_spaces.errors import InfeasibleTrial, TrialFailed, UsageError
from trainables.attacks import ATTACKS, NO_ATTACK
from trainables.attacks.robustness import Robustness, check_epsilons, measure_robustness
from trainables.attacks.score import robustness_metrics
from trainables.backbones import check_input_size, get_backbone
from trainables.bodies import cached_body, inference_body
from trainables.config import TrialConfig
from trainables.data import ImageData, load
from trainables.evaluation import evaluate_logits
from trainables.features import FeatureKey, cached_features, settle_precision
from trainables.heads import HeadsEpoch, HeadSpec, train_heads
from trainables.reports import EpochReport, Predictions, Progress, Report, TrialReport
from trainables.splits import Splits, make_splits, resolve_sizes
from trainables.weights_digest import weights_digest

if TYPE_CHECKING:
    from trainables.backbones import Body

# Images attacked by default: within a CPU's patience (about as long as extraction), and on a GPU.
ROBUST_ON_CPU, ROBUST_ON_CUDA = 256, 1000
# Reports of epochs that a trial makes at most, the last one included.
EPOCH_REPORTS = 10


def train(config: TrialConfig) -> Generator[Report, None, None]:
    """Yields signs of life and epochs as they come, and one `TrialReport` last of all.

    Raises:
        UsageError: the config names something that there is not, or asks for too much.
        UnavailableError: data or weights cannot be had.
        InfeasibleTrial: the input is too small for the body, or memory does not suffice.
        TrialFailed: features or the loss are not finite; names the epoch and step.
    """
    with _threads(config.threads):
        setup = _prepare(config)
        features_NF, extract_seconds = yield from _features(config, setup)
        head = yield from _head(config, setup, features_NF)
        robustness, attack_seconds = yield from _robustness(config, setup, head)
        metrics = {
            **head.metrics,
            **(robustness_metrics(robustness.curve) if robustness else {}),
            "train_seconds": head.seconds,
            "extract_seconds": extract_seconds,
            "attack_seconds": attack_seconds,
        }
        yield TrialReport(
            metrics=metrics,
            history=tuple(head.history),
            classes=setup.data.classes,
            predictions=head.predictions,
            robustness=robustness.curve if robustness else None,
            examples=robustness.examples if robustness else None,
            weights=head.weights,
            digests={
                "data": setup.data.digest,
                "split": setup.splits.digest,
                "weights": setup.key.weights_digest,
            },
        )


@dataclass(frozen=True, eq=False)
class _Setup:
    """Everything that is settled before anything takes long."""

    data: ImageData
    splits: Splits
    key: FeatureKey
    device: str

    @property
    def rows_N(self) -> np.ndarray:
        """Images whose features are needed: training, then validation."""
        return np.concatenate([self.splits.train, self.splits.val])


@dataclass(frozen=True, eq=False)
class _Trained:
    """A finished head: figures, history, predictions, and `weight` [K, F] and `bias` [K]."""

    metrics: dict[str, float]
    history: list[dict[str, float]]
    predictions: tuple[Predictions, ...]
    weights: dict[str, np.ndarray]
    seconds: float


def _prepare(config: TrialConfig) -> _Setup:
    device = _device(config.device)
    check_epsilons(config.eps_255)
    if config.attack != NO_ATTACK:
        ATTACKS.get(config.attack)
    spec = get_backbone(config.backbone)
    input_size = config.input_size or spec.natural_size
    try:
        check_input_size(spec, input_size)
    except UsageError as error:
        raise InfeasibleTrial(str(error)) from None
    data = load(config.data, data_dir=config.data_dir, image_size=config.image_size)
    sizes = resolve_sizes(
        len(data.labels_N),
        len(data.classes),
        train=config.train_size,
        val=config.val_size,
        robust=config.robust_size,
        robust_default=ROBUST_ON_CUDA if device.startswith("cuda") else ROBUST_ON_CPU,
    )
    key = FeatureKey(
        data_digest=data.digest,
        backbone=config.backbone,
        weights_digest=weights_digest(config),
        input_size=input_size,
        resize=config.resize,
        precision=settle_precision(config.precision, device),
    )
    return _Setup(data, make_splits(data, sizes, seed=config.split_seed), key, device)


def _device(name: str) -> str:
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if name.split(":")[0] not in ("cpu", "cuda"):
        raise UsageError("A device is auto, cpu, cuda or cuda:N.", got=name)
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise UsageError("There is no GPU that torch can use here.", got=name)
    return name


@contextmanager
def _threads(count: int | None) -> Iterator[None]:
    """Torch threads while the trial runs; as before when it ends or is closed."""
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _body(config: TrialConfig, setup: _Setup) -> Body:
    return cached_body(
        config.backbone,
        weights=config.weights,
        weights_dir=config.weights_dir,
        seed=config.seed,
        digest=setup.key.weights_digest,
    )


def _features(
    config: TrialConfig, setup: _Setup
) -> Generator[Progress, None, tuple[np.ndarray, float]]:
    """Features_NF in the order of `setup.rows_N`, and the seconds that this trial spent on them."""
    block = yield from cached_features(
        setup.data,
        setup.rows_N,
        lambda: _body(config, setup),
        setup.key,
        device=setup.device,
        threads=config.threads,
        limit_gb=config.cache_limit_gb,
    )
    bad = int((~np.isfinite(block.features_NF).all(axis=1)).sum())
    if bad:
        raise TrialFailed(
            f"The features of {bad} of {len(setup.rows_N)} images are not finite: "
            f"{config.backbone} overflows in {setup.key.precision}; try precision=float32."
        )
    return block.features_NF, block.seconds


def _head(
    config: TrialConfig, setup: _Setup, features_NF: np.ndarray
) -> Generator[Report, None, _Trained]:
    """Trains the head; an `EpochReport` for about every tenth of the epochs."""
    started = time.monotonic()
    labels_N = np.asarray(setup.data.labels_N)[setup.rows_N]
    split = len(setup.splits.train)
    spec = HeadSpec(
        train_N=np.arange(split),
        val_M=np.arange(split, len(labels_N)),
        lr=config.lr,
        weight_decay=config.weight_decay,
        dropout=config.dropout,
        seed=config.seed,
        start=config.head_start,
    )
    every = math.ceil(config.epochs / EPOCH_REPORTS)
    history: list[dict[str, float]] = []
    epoch: HeadsEpoch | None = None
    for epoch in train_heads(
        features_NF,
        labels_N,
        [spec],
        n_classes=len(setup.data.classes),
        batch_size=config.batch_size,
        epochs=config.epochs,
        device="cuda:0" if setup.device == "cuda" else setup.device,
    ):
        metrics = {name: float(values[0]) for name, values in epoch.metrics.items()}
        _check_finite(epoch)
        history.append({"epoch": float(epoch.epoch), **metrics})
        if epoch.epoch % every == 0 or epoch.epoch == config.epochs:
            yield EpochReport(epoch.epoch, metrics)
    assert epoch is not None  # epochs is at least 1
    return _trained(setup, epoch, features_NF, labels_N, history, started)


def _check_finite(epoch: HeadsEpoch) -> None:
    step = int(epoch.bad_step_H[0])
    if step >= 0:
        raise TrialFailed(
            f"The training loss is not finite in epoch {epoch.epoch}, step {step}: "
            "lower lr, or lr times weight_decay."
        )


def _trained(
    setup: _Setup,
    epoch: HeadsEpoch,
    features_NF: np.ndarray,
    labels_N: np.ndarray,
    history: list[dict[str, float]],
    started: float,
) -> _Trained:
    weight_FK, bias_K = epoch.weight_HFK[0].cpu().numpy(), epoch.bias_HK[0].cpu().numpy()
    logits_NK = features_NF @ weight_FK + bias_K
    split = len(setup.splits.train)
    predictions, metrics = [], {}
    for name, part in (("train", slice(0, split)), ("val", slice(split, None))):
        predictions.append(Predictions(name, setup.rows_N[part], labels_N[part], logits_NK[part]))
        figures = evaluate_logits(logits_NK[part], labels_N[part])
        metrics.update({f"{name}_{figure}": value for figure, value in figures.items()})
    return _Trained(
        metrics=metrics,
        history=history,
        predictions=tuple(predictions),
        weights={"weight": np.ascontiguousarray(weight_FK.T), "bias": bias_K},
        seconds=time.monotonic() - started,
    )


def _robustness(
    config: TrialConfig, setup: _Setup, head: _Trained
) -> Generator[Progress, None, tuple[Robustness | None, float]]:
    """The curve through the whole net in the arithmetic of the features; seconds, loading too."""
    if config.attack == NO_ATTACK:
        return None, 0.0
    from trainables.classifier import BodyInPrecision, assemble

    started = time.monotonic()
    yield Progress("attacking", 0, len(setup.splits.robust))
    body = _body(config, setup)
    device = "cuda:0" if setup.device == "cuda" else setup.device
    fast = inference_body(body, setup.key.input_size, setup.key.precision, device)
    module = BodyInPrecision(fast, setup.key.precision)
    model = assemble(config, body, module, head.weights).to(device)
    attacked = setup.splits.robust
    known: dict[str, Any] = {
        "input_size": setup.key.input_size,
        "resize": setup.key.resize,
        "precision": setup.key.precision,
    }
    robustness = yield from measure_robustness(
        model,
        setup.data.images_NHWC[attacked],
        np.asarray(setup.data.labels_N)[attacked],
        ATTACKS.get(config.attack)(seed=config.seed),
        config.eps_255,
        provenance=known,
        device=device,
    )
    return robustness, time.monotonic() - started
