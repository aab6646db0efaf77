"""What a trial trains on: cached features, cached maps of a frozen front, or the images themselves.

Shapes: N images of `TrialSetup.input_rows_N`, F features.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator
from typing import TYPE_CHECKING, Literal

import numpy as np

from search_spaces.errors import TrialFailed
from trainables.config import TrialConfig
from trainables.features import cached_features
from trainables.objectives import CLEAN
from trainables.reports import Progress
from trainables.setup import TrialSetup
from trainables.weak import ALONE

if TYPE_CHECKING:
    from trainables.backbones import Backbone, Body

Kind = Literal["features", "front", "images"]


def kind_of_inputs(config: TrialConfig, spec: Backbone) -> Kind:
    """The furthest point of the net whose values are the same in every epoch."""
    if config.adversarial != CLEAN:
        return "images"  # an attack moves pixels, so every step goes through the whole net
    if config.tune == "head":
        return "features"
    if config.weak != ALONE:
        return "images"  # maps of a whole pool would fill the cache
    same = config.augment == "none" and not config.mixup and not config.test_time_flip
    return "front" if config.tune == "last" and same and spec.split is not None else "images"


def cached_inputs(
    config: TrialConfig, setup: TrialSetup
) -> Generator[Progress, None, tuple[np.ndarray | None, float]]:
    """Float32 [N, F] from the cache, None for images; and the seconds that this trial spent on it.

    Raises:
        TrialFailed: values that are not finite.
    """
    kind = kind_of_inputs(config, setup.spec)
    if kind == "images":
        return None, 0.0
    block = yield from cached_features(
        setup.data,
        setup.input_rows_N,
        lambda: setup.body(config) if kind == "features" else _front(setup.body(config)),
        setup.key if kind == "features" else dataclasses.replace(setup.key, part="front"),
        device=setup.device,
        threads=config.threads,
        limit_gb=config.cache_limit_gb,
    )
    bad = int((~np.isfinite(block.features_NF).all(axis=1)).sum())
    if bad:
        raise TrialFailed(
            f"The features of {bad} of {len(setup.input_rows_N)} images are not finite: "
            f"{config.backbone} overflows in {setup.key.precision}; try precision=float32."
        )
    return block.features_NF, block.seconds


def _front(body: Body) -> Body:
    """The frozen part of `tune=last`, as a body whose features are its flattened maps."""
    from trainables.backbones.load import Body, FrozenBody

    assert body.spec.split is not None
    front, _ = body.spec.split(body.module.net)
    return Body(FrozenBody(front), body.spec, body.digest)
