"""Accuracy of a trial's final net under corruptions, on the images that are attacked.

Corruptions are generated anew from the trial's seed: nothing is kept, and the same seed gives the
same images. Shapes: N images, H W C an image, K classes.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from importlib.metadata import version

import numpy as np

from trainables.config import TrialConfig
from trainables.corruptions.choosing import chosen_corruptions
from trainables.corruptions.measuring import BATCH, measure_corruptions
from trainables.corruptions.report import CorruptionReport
from trainables.evaluating import trial_classifier
from trainables.reports import Progress
from trainables.setup import TrialSetup


def measure_trial(
    config: TrialConfig, setup: TrialSetup, weights: Mapping[str, np.ndarray]
) -> Generator[Progress, None, CorruptionReport]:
    """The corruptions that the config names, at all severities.

    Raises:
        UsageError: a corruption that there is not.
    """
    names = chosen_corruptions(config.corruptions)
    rows_N = setup.splits.robust
    classify = trial_classifier(config, setup, weights)
    report = yield from measure_corruptions(
        classify,
        setup.data.images_NHWC[rows_N],
        np.asarray(setup.data.labels_N[rows_N]),
        names=names,
        seed=config.seed,
        batch_size=math.ceil(BATCH / config.accumulation),
        known={"precision": setup.key.precision, "torch": version("torch")},
    )
    return report
