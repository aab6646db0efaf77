"""`train`: one trial, from a config to a report. Runs in a bare Python prompt.

Shapes: N images, F features.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager

import numpy as np
import torch

from search_spaces.errors import TrialFailed
from trainables.attacks import ATTACKS, NO_ATTACK
from trainables.attacks.robustness import Robustness, measure_robustness
from trainables.attacks.score import robustness_metrics
from trainables.bodies import inference_body
from trainables.config import TrialConfig
from trainables.features import cached_features
from trainables.probe import TrainedHead, train_head
from trainables.reports import Progress, Report, TrialReport
from trainables.setup import TrialSetup, prepare


def train(config: TrialConfig) -> Generator[Report, None, None]:
    """Yields signs of life and epochs as they come, and one `TrialReport` last of all.

    Raises:
        UsageError: the config names something that there is not, or asks for too much.
        UnavailableError: data or weights cannot be had.
        InfeasibleTrial: the input is too small for the body, or memory does not suffice.
        TrialFailed: features or the loss are not finite; names the epoch and step.
    """
    with _threads(config.threads):
        setup = prepare(config)
        features_NF, extract_seconds = yield from _features(config, setup)
        head = yield from train_head(config, setup, features_NF)
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


@contextmanager
def _threads(count: int | None) -> Iterator[None]:
    """Torch threads while the trial runs; as before when it ends or is closed."""
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


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
        device=setup.one_device,
    )
    return robustness, time.monotonic() - started
