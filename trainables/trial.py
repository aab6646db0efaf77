"""`train`: one trial, from a config to a report. Runs in a bare Python prompt.

Shapes: N images.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from trainables.attacks import NO_ATTACK
from trainables.attacks.making import make_attack
from trainables.attacks.robustness import BATCH, Robustness, measure_robustness
from trainables.attacks.score import robustness_metrics
from trainables.attacks.second import (
    attack_standing,
    second_as_typed,
    second_attack,
    second_metrics,
)
from trainables.checkpoint import Checkpoint
from trainables.config import TrialConfig
from trainables.corruptions.choosing import NO_CORRUPTION
from trainables.folds.kind import SPLIT
from trainables.inputs import cached_inputs
from trainables.probe import is_probe, train_head
from trainables.reports import EpochReport, Progress, Report, RobustnessCurve, TrialReport
from trainables.setup import TrialSetup, prepare
from trainables.subsets.of_trial import chosen_setup
from trainables.threads import torch_threads
from trainables.trained import Trained, final_metrics
from trainables.weak.judging import judged, used_pool
from trainables.weak.of_trial import on_labels_alone, with_pool

if TYPE_CHECKING:
    from trainables.corruptions.report import CorruptionReport

Attacked = tuple[Robustness | None, RobustnessCurve | None]
"""Under the trial's attack, and after the second one."""

_LAYOUT = 2  # of the state in a checkpoint; another version's is left aside


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
    second_as_typed(config.second_attack, config.attack)  # told now, not once it is trained
    with torch_threads(config.threads):
        found = prepare(config)
        setup, labels = yield from chosen_setup(config, found)
        setup = yield from with_pool(config, setup)
        trained, extract_seconds = yield from _trained(config, setup, checkpoint)
        (robustness, second), attack_seconds = yield from _robustness(config, setup, trained)
        corruptions, corruption_figures = yield from _corruptions(config, setup, trained)
        predictions = trained.predictions(setup)
        metrics = {
            **final_metrics(predictions, trained.history),
            **trained.extra,
            **labels,
            **judged(np.asarray(found.data.labels_N), used_pool(setup, trained)),
            **(robustness_metrics(robustness.curve) if robustness else {}),
            **(second_metrics(second) if second else {}),
            "train_seconds": trained.seconds,
            "extract_seconds": extract_seconds,
            "attack_seconds": attack_seconds,
            **corruption_figures,
        }
        yield TrialReport(
            metrics=metrics,
            history=tuple(trained.history),
            classes=setup.data.classes,
            predictions=predictions,
            robustness=robustness.curve if robustness else None,
            second=second,
            examples=robustness.examples if robustness else None,
            corruptions=corruptions,
            weights=trained.weights,
            digests=_digests(setup),
            steps={"lr": trained.lr_T} if len(trained.lr_T) else {},
        )


def _digests(setup: TrialSetup) -> dict[str, str]:
    return {
        "data": setup.data.digest,
        "split": setup.splits.digest,
        "weights": setup.key.weights_digest,
    }


def _trained(
    config: TrialConfig, setup: TrialSetup, checkpoint: Checkpoint
) -> Generator[Progress | EpochReport, None, tuple[Trained, float]]:
    """What training left, and the seconds that extracting its inputs took."""
    of = {"layout": _LAYOUT, "config": config.digest, **_digests(setup)}
    saved = checkpoint.load() or {}
    if saved and saved.get("of") != of:
        checkpoint.set_aside("it is of another config, or data, split or weights have changed")
        saved = {}
    if "trained" in saved:
        return Trained.from_state(saved["trained"]), saved["extract_seconds"]
    inputs_NF, seconds = yield from cached_inputs(config, setup)
    kept = {"of": of, "extract_seconds": saved.get("extract_seconds", 0.0) + seconds}
    recipe, lr_figures = yield from _at_its_lr(config, setup, inputs_NF, saved)
    kept |= lr_figures
    train = _training(config)
    trained = yield from train(
        recipe,
        setup,
        inputs_NF,
        checkpoint=checkpoint,
        saved=saved.get("training"),
        kept=kept,
    )
    trained = replace(trained, extra={**trained.extra, **lr_figures})
    if _has_more_to_do(config):  # else nothing is left to do that a kill could interrupt
        checkpoint.save({**kept, "trained": trained.state()})
    return trained, kept["extract_seconds"]


def _has_more_to_do(config: TrialConfig) -> bool:
    """Once it is trained."""
    return config.attack != NO_ATTACK or config.corruptions != NO_CORRUPTION


def _at_its_lr(
    config: TrialConfig,
    setup: TrialSetup,
    inputs_NF: np.ndarray | None,
    saved: Mapping[str, Any],
) -> Generator[Progress, None, tuple[TrialConfig, dict[str, float]]]:
    """The config to train with, and `lr_suggested` and `lr_peak` where it has an `lr_factor`.

    What was begun with one suggestion goes on with it.
    """
    if config.lr_factor is None:
        return config, {}
    from trainables.lr_range.own_lr import at_suggested_lr, suggested_lr  # builds nets

    suggested = saved.get("lr_suggested")
    if suggested is None:
        suggested = yield from suggested_lr(*on_labels_alone(config, setup, inputs_NF))
    recipe = at_suggested_lr(config, suggested)
    return recipe, {"lr_suggested": suggested, "lr_peak": recipe.lr}


def _training(
    config: TrialConfig,
) -> Callable[..., Generator[Progress | EpochReport, None, Trained]]:
    """What builds and augments nets is imported only by trials that need it."""
    if config.validation != SPLIT:
        from trainables.folds.training import train_over_folds

        return train_over_folds
    if is_probe(config):
        return train_head
    from trainables.net_trial import train_net

    return train_net


def _robustness(
    config: TrialConfig, setup: TrialSetup, trained: Trained
) -> Generator[Progress, None, tuple[Attacked, float]]:
    """Through the whole net in the arithmetic of the features; seconds, loading too."""
    if config.attack == NO_ATTACK:
        return (None, None), 0.0
    from trainables.trial_model import trial_model

    started = time.monotonic()
    yield Progress("attacking", 0, len(setup.splits.robust))
    model = trial_model(config, setup, trained.weights)
    attacked = setup.splits.robust
    images_NHWC = setup.data.images_NHWC[attacked]
    labels_N = np.asarray(setup.data.labels_N[attacked])
    first = make_attack(config.attack, seed=config.seed)
    how: dict[str, Any] = {
        "provenance": {
            "input_size": setup.key.input_size,
            "resize": setup.key.resize,
            "precision": setup.key.precision,
        },
        "batch_size": math.ceil(BATCH / config.accumulation),
        "device": setup.one_device,
    }
    found = yield from measure_robustness(
        model, images_NHWC, labels_N, first, config.eps_255, leaving=True, **how
    )
    passes = int(robustness_metrics(found.curve)["attack_passes"])
    then = second_attack(config.second_attack, first, passes=passes)
    second = yield from attack_standing(model, images_NHWC, labels_N, found, then, **how)
    return (found, second), time.monotonic() - started


def _corruptions(
    config: TrialConfig, setup: TrialSetup, trained: Trained
) -> Generator[Progress, None, tuple[CorruptionReport | None, dict[str, float]]]:
    """Accuracy under corruptions of the images that are attacked, and the figures of it."""
    if config.corruptions == NO_CORRUPTION:
        return None, {}
    from trainables.corruptions.of_trial import measure_trial  # scipy.ndimage

    started = time.monotonic()
    report = yield from measure_trial(config, setup, trained.weights)
    return report, {**report.metrics(), "corruption_seconds": time.monotonic() - started}
