"""Which changes to the training images help? For nets that see images, not cached features."""

from __future__ import annotations

from typing import Any

from search_spaces.backbone_choice import for_each_backbone, suggest_backbone
from search_spaces.errors import UsageError
from search_spaces.space import Params, Space, SpaceContext, TrialLike

POLICIES = (
    *("none", "flip_crop", "alternating_flip_crop", "flip_crop_cutout"),
    *("jitter_rotate_flip", "affine", "strong"),
)
"""The built-in ones of trainables/augment/policies.py."""


def suggest(trial: TrialLike, context: SpaceContext) -> Params:
    """A policy, and how much mixup.

    Raises:
        UsageError: a head on cached features sees no images.
    """
    if context.defaults.get("tune") == "head":
        rule = "Augmentation changes images, and tune=head sees only what was cached of them."
        raise UsageError(rule, hint="Train more than the head: --set tune=last or --set tune=all.")
    return {
        **suggest_backbone(trial, context),
        "augment": trial.suggest_categorical("augment", POLICIES),
        "mixup": trial.suggest_float("mixup", 0.0, 0.8),
    }


def baselines(context: SpaceContext) -> list[dict[str, Any]]:
    """Every policy without mixup."""
    points = [{"augment": policy, "mixup": 0.0} for policy in POLICIES]
    return for_each_backbone(context, points)


SPACE = Space(
    name="augmentation",
    question="Which changes to the training images make the classifier more accurate?",
    suggest=suggest,
    baselines=baselines,
    fidelity="runs",  # the stronger the changes, the later they pay
    compares_backbones=True,
    defaults={"tune": "all", "epochs": 12},
    backbones=("mini_vgg",),
)
