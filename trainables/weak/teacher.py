"""Pseudo-labels for a net that trains, from the best frozen body at hand.

Unsupervised adversarial training (Alayrac et al., Are Labels Required for Improving Adversarial
Robustness?, 2019; Carmon et al., Unlabeled Data Improves Adversarial Robustness, 2019): robustness
needs many images far more than it needs right labels. A head on the cached features of a pretrained
body, trained on the labelled images alone (and, if asked for, on the pseudo-labels that another
method gives by these features), labels the pool once; the small net then trains on all of it, with
hard labels. A stated share of each batch has true labels (Carmon et al.: half).

Shapes: M images of the pool, B labelled, K classes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np

from search_spaces.options import Option
from trainables.backbones import pretrained_backbones
from trainables.weak import mixing
from trainables.weak.kind import POOL, PseudoLabels, WeakMethod
from trainables.weak.learning import WeakSpec, learn

if TYPE_CHECKING:
    from trainables.config import TrialConfig
    from trainables.reports import Progress
    from trainables.setup import TrialSetup

BACKBONE = Option(
    "backbone",
    "tf_efficientnet_lite2",
    "the frozen pretrained body that labels",
    choices=pretrained_backbones(),
)
INPUT_SIZE = Option(
    "input_size", None, "pixels a side that it sees (the body's own size)", low=8, whole=True
)
METHOD = Option(
    "method",
    "none",
    "what its head is trained on beside the labels: nothing, or the pseudo-labels of a method",
    choices=("none", "pseudo_label", "label_spreading", "cluster_then_label"),
)
THRESHOLD = Option("threshold", 0.0, "the least probability of a pseudo-label", high=1)
SHARE = Option("share", 1.0, "the share of the pool, the surest first, that is labelled", high=1)
LABELLED = Option(
    mixing.LABELLED,
    0.5,
    "share of each batch that has true labels; 0 mixes all images as they come",
    high=0.99,
)
STAGE = "labelling the pool"


def teacher_config(config: TrialConfig, spec: WeakSpec) -> TrialConfig:
    """The frozen body that labels, as a trial of its own would have it."""
    from trainables.config import TrialConfig as Config

    body = {"backbone": spec.options[BACKBONE.name], "input_size": spec.options[INPUT_SIZE.name]}
    shared = (
        *("data", "data_dir", "image_size", "train_size", "val_size", "robust_size"),
        *("split_seed", "weights", "weights_dir", "resize", "precision"),
        *("device", "threads", "cache_limit_gb"),
    )
    own = {name: getattr(config, name) for name in shared}
    return Config.model_validate({**own, **body, "attack": "none"})


def teacher_setup(config: TrialConfig, setup: TrialSetup, spec: WeakSpec) -> TrialSetup:
    """`setup` with the teacher's body in the place of the trial's own.

    Raises:
        WeightsUnavailable: its weights are not to be had; lists every route.
        UsageError: a size that it does not take.
    """
    from trainables.backbones import check_input_size, get_backbone
    from trainables.weights_digest import weights_digest

    own = teacher_config(config, spec)
    body = get_backbone(own.backbone)
    size = own.input_size or body.natural_size
    check_input_size(body, size)
    key = dataclasses.replace(
        setup.key, backbone=own.backbone, weights_digest=weights_digest(own), input_size=size
    )
    return dataclasses.replace(
        setup, key=key, spec=body, is_pretrained=own.weights == "pretrained", pool=None
    )


def take(
    config: TrialConfig, setup: TrialSetup, spec: WeakSpec, places_M: np.ndarray
) -> Generator[Progress, None, PseudoLabels]:
    """The teacher's word on the pool; kept for all trials that share it."""
    from trainables.reports import Progress
    from trainables.weak.of_trial import labelled_and_pool
    from trainables.weak.stored import PseudoKey, recall, remember

    own = teacher_setup(config, setup, spec)
    key = PseudoKey.of(spec, setup, own.key.slug)
    found = recall(key)
    if found is not None:
        return found
    features_NF = yield from labelled_and_pool(teacher_config(config, spec), own, places_M)
    yield Progress(STAGE, 0, len(places_M))
    labels_B = np.asarray(setup.data.labels_N[setup.splits.train]).astype(np.int64)
    probabilities_MK = predicted(spec, features_NF, labels_B, len(setup.data.classes), setup)
    rows_P = surest(
        probabilities_MK,
        threshold=float(spec.options[THRESHOLD.name]),
        share=float(spec.options[SHARE.name]),
    )
    found = PseudoLabels(places_M[rows_P], probabilities_MK[rows_P].argmax(axis=1))
    remember(key, found)
    yield Progress(STAGE, len(places_M), len(places_M))
    return found


def predicted(
    spec: WeakSpec,
    features_NF: np.ndarray,
    labels_B: np.ndarray,
    classes: int,
    setup: TrialSetup,
) -> np.ndarray:
    """Probabilities of the images after the labelled ones, float64 [M, K]."""
    from trainables.weak import parse_weak

    labelled = len(labels_B)
    learnt = learn(
        parse_weak(str(spec.options[METHOD.name])),
        features_NF,
        np.arange(labelled),
        labels_B,
        classes=classes,
        seed=setup.splits.seed,
    )
    return learnt.head.probabilities(features_NF[labelled:])


def surest(probabilities_MK: np.ndarray, *, threshold: float, share: float) -> np.ndarray:
    """Rows of the surest `share`, of those at least `threshold` sure; ascending."""
    sure_M = probabilities_MK.max(axis=1)
    wanted = round(share * len(sure_M))
    first_M = np.argsort(-sure_M, kind="stable")[:wanted]
    return np.sort(first_M[sure_M[first_M] >= threshold])


TEACHER = WeakMethod(
    name="teacher",
    sentence="a net learns from pseudo-labels of a frozen pretrained body (Carmon et al. 2019)",
    options=(BACKBONE, INPUT_SIZE, METHOD, THRESHOLD, SHARE, LABELLED, POOL),
    trains="net",
    take=take,
)
