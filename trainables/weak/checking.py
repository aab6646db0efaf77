"""Which methods of weak supervision go with which way of training, checked before anything runs."""

from __future__ import annotations

from search_spaces.errors import UsageError
from trainables.config import TrialConfig
from trainables.objectives import CLEAN
from trainables.weak import WeakMethod, parse_weak

_FOR_NETS = "weak=teacher labels images for a net that trains; weak=fixmatch lets it do so itself."


def check_weak(config: TrialConfig) -> None:
    """Lets a config pass whose `weak` goes with the rest of it.

    Raises:
        UsageError: two fields that contradict each other, or a method or option that there is not.
    """
    method = parse_weak(config.weak).method
    _check_what_trains(config, method)
    if method.consistency is None:
        return
    if config.adversarial != CLEAN:
        rule = f"{method.name} finds its labels on images as they are, not on attacked ones."
        hint = "For adversarial training: weak=teacher."
        raise UsageError(rule, got=f"adversarial={config.adversarial}", hint=hint)
    if config.mixup:
        rule = f"{method.name} changes images by itself, and has one label for each."
        raise UsageError(rule, got=f"mixup={config.mixup}", hint="Set mixup=0.")


def _check_what_trains(config: TrialConfig, method: WeakMethod) -> None:
    """A head on cached features sees no image, and a net has no features to keep."""
    on_features = config.tune == "head" and config.adversarial == CLEAN
    if method.trains == "head" and not on_features:
        rule = f"{method.name} labels images by cached features, for a head on them."
        got = (
            f"tune={config.tune}" if config.tune != "head" else f"adversarial={config.adversarial}"
        )
        raise UsageError(rule, got=got, hint=_FOR_NETS)
    if method.trains == "net" and on_features:
        rule = f"{method.name} is for nets that see images, and tune=head sees cached features."
        hint = "For a head: weak=pseudo_label, label_spreading or cluster_then_label."
        raise UsageError(rule, got=f"weak={method.name}", hint=hint)
