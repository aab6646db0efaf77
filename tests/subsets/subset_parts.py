"""Features and labels that the tests of the strategies share."""

from __future__ import annotations

import numpy as np

from trainables.subsets import Choice, choose, parse_subset
from trainables.subsets.hidden import HiddenLabels

CLASSES = 3
EVERY_TEXT = (
    *("stratified", "random", "first", "margin:start=0.5,batch=0.5", "entropy:batch=0.3"),
    *("least_confidence:start=0.5,batch=0.5", "margin_class:start=0.5,batch=0.25"),
    *("coreset", "coreset:start=5", "typiclust", "herding", "tomek", "tomek_links"),
    *("tomek_links:remove=majority", "class_distance"),
    *("margin:start=6,batch=9", "entropy:pool=60,batch=0.3", "coreset:pool=0.5"),
)


def blobs(
    count: int = 120, features: int = 6, seed: int = 0, spread: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """`CLASSES` overlapping clouds: features float32 [count, features], labels int64 [count]."""
    rng = np.random.default_rng(seed)
    labels_N = rng.integers(CLASSES, size=count)
    centres_KF = 2 * np.eye(CLASSES, features)
    noise_NF = spread * rng.normal(size=(count, features))
    return (centres_KF[labels_N] + noise_NF).astype(np.float32), labels_N


def chosen(
    text: str,
    features_NF: np.ndarray,
    labels: HiddenLabels | np.ndarray,
    budget: int,
    seed: int = 0,
    classes: int = CLASSES,
) -> Choice:
    """What the strategy that `text` names chooses."""
    spec = parse_subset(text)
    return choose(spec, features_NF, labels, budget=budget, classes=classes, seed=seed)


def column(*values: float) -> np.ndarray:
    """Points on a line, float32 [N, 1]."""
    return np.array(values, np.float32)[:, None]
