"""`train`: one trial, from a config to a report. Runs in a bare Python prompt.

Shapes: N images, F features.
"""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager

import numpy as np
import torch

from search_spaces.errors import TrialFailed
from trainables.attacks import ATTACKS, NO_ATTACK
from trainables.attacks.robustness import BATCH, Robustness, measure_robustness
from trainables.attacks.score import robustness_metrics
from trainables.bodies import inference_body
from trainables.checkpoint import Checkpoint
from trainables.config import TrialConfig
from trainables.features import cached_features
from trainables.probe import TrainedHead, head_metrics, train_head
from trainables.reports import EpochReport, Progress, Report, TrialReport
from trainables.setup import TrialSetup, prepare

_LAYOUT = 1  # of the state in a checkpoint; another version's is left aside


def train(
    config: TrialConfig, checkpoint: Checkpoint | None = None
) -> Generator[Report, None, None]:
    """Yields signs of life and epochs as they come, and one `TrialReport` last of all.

    Args:
        checkpoint: where its state is kept while it runs; it goes on from what is there, and ends
            with the very result of a trial that was never interrupted.

    Raises:
        UsageError: the config names something that there is not, or asks for too much.
        UnavailableError: data or weights cannot be had.
        InfeasibleTrial: the input is too small for the body, or memory does not suffice.
        Diverged: the loss is not finite; names the epoch and step.
        TrialFailed: features are not finite.
    """
    checkpoint = checkpoint or Checkpoint(None)
    with _threads(config.threads):
        setup = prepare(config)
        head, extract_seconds = yield from _head(config, setup, checkpoint)
        robustness, attack_seconds = yield from _robustness(config, setup, head)
        predictions = head.predictions(setup)
        metrics = {
            **head_metrics(predictions),
            **(robustness_metrics(robustness.curve) if robustness else {}),
            "train_seconds": head.seconds,
            "extract_seconds": extract_seconds,
            "attack_seconds": attack_seconds,
        }
        yield TrialReport(
            metrics=metrics,
            history=tuple(head.history),
            classes=setup.data.classes,
            predictions=predictions,
            robustness=robustness.curve if robustness else None,
            examples=robustness.examples if robustness else None,
            weights=head.weights,
            digests=_digests(setup),
        )


def _digests(setup: TrialSetup) -> dict[str, str]:
    return {
        "data": setup.data.digest,
        "split": setup.splits.digest,
        "weights": setup.key.weights_digest,
    }


@contextmanager
def _threads(count: int | None) -> Iterator[None]:
    """Torch threads while the trial runs; as before when it ends or is closed."""
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _head(
    config: TrialConfig, setup: TrialSetup, checkpoint: Checkpoint
) -> Generator[Progress | EpochReport, None, tuple[TrainedHead, float]]:
    """The trained head, and the seconds that its features took."""
    of = {"layout": _LAYOUT, "config": config.digest, **_digests(setup)}
    saved = checkpoint.load() or {}
    if saved and saved.get("of") != of:
        checkpoint.set_aside("it is of another config, or data, split or weights have changed")
        saved = {}
    if "trained" in saved:
        return TrainedHead.from_state(saved["trained"]), saved["extract_seconds"]
    features_NF, seconds = yield from _features(config, setup)
    kept = {"of": of, "extract_seconds": saved.get("extract_seconds", 0.0) + seconds}
    head = yield from train_head(
        config,
        setup,
        features_NF,
        checkpoint=checkpoint,
        saved=saved.get("training"),
        kept=kept,
    )
    if config.attack != NO_ATTACK:  # else nothing is left to do that a kill could interrupt
        checkpoint.save({**kept, "trained": head.state()})
    return head, kept["extract_seconds"]


def _features(
    config: TrialConfig, setup: TrialSetup
) -> Generator[Progress, None, tuple[np.ndarray, float]]:
    """Features_NF in the order of `setup.rows_N`, and the seconds that this trial spent on them."""
    block = yield from cached_features(
        setup.data,
        setup.rows_N,
        lambda: setup.body(config),
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


def _robustness(
    config: TrialConfig, setup: TrialSetup, head: TrainedHead
) -> Generator[Progress, None, tuple[Robustness | None, float]]:
    """The curve through the whole net in the arithmetic of the features; seconds, loading too."""
    if config.attack == NO_ATTACK:
        return None, 0.0
    from trainables.classifier import BodyInPrecision, assemble

    started = time.monotonic()
    yield Progress("attacking", 0, len(setup.splits.robust))
    body = setup.body(config)
    fast = inference_body(body, setup.key.input_size, setup.key.precision, setup.one_device)
    module = BodyInPrecision(fast, setup.key.precision)
    model = assemble(config, body, module, head.weights).to(setup.one_device)
    attacked = setup.splits.robust
    robustness = yield from measure_robustness(
        model,
        setup.data.images_NHWC[attacked],
        np.asarray(setup.data.labels_N)[attacked],
        ATTACKS.get(config.attack)(seed=config.seed),
        config.eps_255,
        provenance={
            "input_size": setup.key.input_size,
            "resize": setup.key.resize,
            "precision": setup.key.precision,
        },
        batch_size=math.ceil(BATCH / config.accumulation),
        device=setup.one_device,
    )
    return robustness, time.monotonic() - started
