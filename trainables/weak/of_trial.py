"""The images of a trial's pool that are trained on, as its `weak` says; with their pseudo-labels.

From here on the labels of all images but the trial's own are shut: whoever reads one raises. How
many pseudo-labels were right is counted by `judging.py`, once everything is trained and measured.

Shapes: N images of a trial, M of the pool that take part, P trained on, B labelled, F features.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator

import numpy as np

from search_spaces.errors import UsageError
from trainables.config import TrialConfig
from trainables.inputs import cached_inputs
from trainables.reports import Progress
from trainables.setup import TrialSetup
from trainables.subsets import HiddenLabels
from trainables.weak import ALONE, PseudoLabels, WeakSpec, parse_weak
from trainables.weak.learning import label
from trainables.weak.mixing import pool_count
from trainables.weak.stored import PseudoKey, recall, remember

STAGE = "labelling the pool"
_STREAM = 4  # 0 to 3 of a seed: validation, training, strategies, their pools; 5: folds


def with_pool(config: TrialConfig, setup: TrialSetup) -> Generator[Progress, None, TrialSetup]:
    """`setup` with what of the pool is trained on; as it is where `weak` is `none`.

    Raises:
        UsageError: an unknown method or option, or a data set without a pool.
        UnavailableError: a teacher's weights cannot be had.
        TrialFailed: features that are not finite.
    """
    if config.weak == ALONE:
        return setup
    spec = parse_weak(config.weak)
    if not isinstance(setup.data.labels_N, HiddenLabels):
        hidden = HiddenLabels(setup.data.labels_N, known_M=setup.rows_N)
        # It stands for an array wherever labels are looked up by index, and refuses all else.
        data = dataclasses.replace(setup.data, labels_N=hidden)  # type: ignore[arg-type]
        setup = dataclasses.replace(setup, data=data)
    places_M = taking_part(spec, setup)
    take = spec.method.take or _by_features
    return dataclasses.replace(setup, pool=(yield from take(config, setup, spec, places_M)))


def on_labels_alone(
    config: TrialConfig, setup: TrialSetup, inputs_NF: np.ndarray | None
) -> tuple[TrialConfig, TrialSetup, np.ndarray | None]:
    """The same trial without its pool: what a range test is made on."""
    own = inputs_NF if inputs_NF is None else inputs_NF[: len(setup.rows_N)]
    return config.replace(weak=ALONE), dataclasses.replace(setup, pool=None), own


def taking_part(spec: WeakSpec, setup: TrialSetup) -> np.ndarray:
    """Places of the pool's images that take part, ascending; the same for all seeds of a trial.

    Raises:
        UsageError: every image is labelled.
    """
    pool, splits = setup.splits.pool, setup.splits
    if not len(pool):
        raise UsageError(
            "Weak supervision needs images without labels, and all are trained or validated on.",
            got=f"weak={spec}",
            hint="Give a smaller train_size, or weak=none.",
        )
    count = pool_count(spec.options, len(pool))
    if count == len(pool):
        return pool
    drawn = np.random.default_rng((splits.seed, _STREAM)).permutation(len(pool))[:count]
    return np.sort(pool[drawn])


def labelled_and_pool(
    config: TrialConfig, setup: TrialSetup, places_M: np.ndarray
) -> Generator[Progress, None, np.ndarray]:
    """Float32 [B + M, F] of the frozen body of `config`: labelled images first, then the pool's."""
    rows_N = np.concatenate([setup.splits.train, places_M])
    looked_at = setup.splits.with_training(rows_N, setup.data.digest)
    frozen = config.replace(tune="head", adversarial="none", weak=ALONE)
    own = dataclasses.replace(setup, splits=looked_at, pool=None)
    features_NF, _ = yield from cached_inputs(frozen, own)
    assert features_NF is not None  # a head has no other inputs
    return features_NF[: len(rows_N)]


def _by_features(
    config: TrialConfig, setup: TrialSetup, spec: WeakSpec, places_M: np.ndarray
) -> Generator[Progress, None, PseudoLabels]:
    """Pseudo-labels by the features of the trial's own body; kept for all trials that share it."""
    key = PseudoKey.of(spec, setup, setup.key.slug)
    found = recall(key)
    if found is not None:
        return found
    features_NF = yield from labelled_and_pool(config, setup, places_M)
    yield Progress(STAGE, 0, len(places_M))
    labelled = len(setup.splits.train)
    by_row = label(
        spec,
        features_NF,
        np.arange(labelled),
        np.asarray(setup.data.labels_N[setup.splits.train]).astype(np.int64),
        classes=len(setup.data.classes),
        seed=config.split_seed,
    )
    yield Progress(STAGE, len(places_M), len(places_M))
    found = PseudoLabels(places_M[by_row.rows_P - labelled], by_row.labels_P.astype(np.int64))
    remember(key, found)
    return found
