"""The training images of a trial, as its `subset` strategy chooses them.

The default, `stratified`, is what `make_splits` draws, and passes through here untouched. Any other
strategy chooses from all images but validation's, by the features that the trial's own frozen body
gives them, with validation the same as ever. From then on the labels of all other images are shut:
whoever reads one raises.

Shapes: N images that may be trained on, M looked at, B chosen, F features.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Generator

import numpy as np

from trainables.config import TrialConfig
from trainables.inputs import cached_inputs
from trainables.reports import Progress
from trainables.setup import TrialSetup
from trainables.splitting import chooses_images
from trainables.subsets import HiddenLabels, SubsetSpec, candidates, choose, parse_subset
from trainables.subsets.choosing import POOL
from trainables.subsets.stored import ChoiceKey, StoredChoice, recall, remember

STAGE = "choosing images"

Chosen = Generator[Progress, None, tuple[TrialSetup, dict[str, float]]]
"""Signs of life, then the setup to train with and the figures of the choice."""


def chosen_setup(config: TrialConfig, setup: TrialSetup) -> Chosen:
    """`setup` with the training images that `config.subset` chooses; as it is by default.

    The figures: `labels_seen`, different labels that strategy and training saw; `labels_used`,
    validation's too; `choose_seconds`, features of the images looked at included.

    Raises:
        UsageError: an unknown strategy or option.
        TrialFailed: features that are not finite.
    """
    if not chooses_images(config):
        return setup, {}
    started = time.monotonic()
    spec, splits = parse_subset(config.subset), setup.splits
    hidden = HiddenLabels(setup.data.labels_N, known_M=splits.val)
    key = _key(spec, setup)
    found = recall(key)
    if found is None:
        found = yield from _choose(config, setup, spec, hidden)
        remember(key, found)
    hidden.open(found.rows_B)
    # It stands for an array wherever labels are looked up by index, and refuses everything else.
    data = dataclasses.replace(setup.data, labels_N=hidden)  # type: ignore[arg-type]
    chosen = splits.with_training(found.rows_B, setup.data.digest)
    figures = {
        "labels_seen": float(found.labels_seen),
        "labels_used": float(found.labels_seen + len(splits.val)),
        "choose_seconds": time.monotonic() - started,
    }
    return dataclasses.replace(setup, data=data, splits=chosen), figures


def _choose(
    config: TrialConfig, setup: TrialSetup, spec: SubsetSpec, hidden: HiddenLabels
) -> Generator[Progress, None, StoredChoice]:
    seed, budget = config.split_seed, len(setup.splits.train)
    rows_N = setup.splits.unheld
    rows_M = rows_N[candidates(spec, len(rows_N), budget=budget, seed=seed)]
    features_MF = np.empty((len(rows_M), 0), np.float32)
    if spec.strategy.features:
        features_MF = yield from _features(config, setup, rows_M)
    yield Progress(STAGE, 0, budget)
    every = {**spec.options, POOL.name: 0.0} if POOL.name in spec.options else spec.options
    choice = choose(
        dataclasses.replace(spec, options=every),
        features_MF,
        hidden,
        budget=budget,
        classes=len(setup.data.classes),
        seed=seed,
        places_N=rows_M,
    )
    yield Progress(STAGE, budget, budget)
    return StoredChoice(rows_M[choice.indices_B], choice.labels_seen)


def _features(
    config: TrialConfig, setup: TrialSetup, rows_M: np.ndarray
) -> Generator[Progress, None, np.ndarray]:
    """Of the frozen body, whatever the trial will train of it; validation's are cached as well."""
    looked_at = setup.splits.with_training(rows_M, setup.data.digest)
    frozen = config.replace(tune="head", adversarial="none")
    features_NF, _ = yield from cached_inputs(frozen, dataclasses.replace(setup, splits=looked_at))
    assert features_NF is not None  # a head has no other inputs
    return features_NF[: len(rows_M)]


def _key(spec: SubsetSpec, setup: TrialSetup) -> ChoiceKey:
    features = setup.key.slug if spec.strategy.features else ""
    splits = setup.splits
    return ChoiceKey(str(spec), setup.data.digest, splits.digest, splits.seed, features)
