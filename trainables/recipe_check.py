"""Rules about a recipe that no single field can break, checked before anything takes long."""

from __future__ import annotations

from search_spaces.errors import UnknownNameError, UsageError
from trainables.augment import POLICIES
from trainables.backbones import Backbone, get_backbone
from trainables.config import TrialConfig
from trainables.corruptions.choosing import chosen_corruptions
from trainables.folds.checking import check_with_folds
from trainables.head_modules import HEADS
from trainables.objectives import CLEAN, OBJECTIVES
from trainables.schedules import SCHEDULES
from trainables.splitting import chooses_images
from trainables.subsets import parse_subset
from trainables.weak import ALONE
from trainables.weak.checking import check_weak

_FOR_IMAGES = {"augment": "none", "mixup": 0.0, "test_time_flip": False}
_WITH_SHAPE = {"depth": "mini_vgg and mlp have one.", "width": "mini_vgg, mlp, resnet9 have one."}


def check_recipe(config: TrialConfig) -> None:
    """Lets a config pass whose fields go together.

    Raises:
        UsageError: two fields that contradict each other, or a name that is not registered.
    """
    spec = get_backbone(config.backbone)
    _check_names(config)
    chosen_corruptions(config.corruptions)  # raises for a name that there is not
    _check_images(config)
    check_with_folds(config)
    if config.tune != "all" and config.weights != "random" and not spec.pretrained:
        raise UsageError(f"{spec.untrained}.", got=f"tune={config.tune}")
    for name in _WITH_SHAPE:
        if getattr(config, name) is not None and name not in spec.options:
            rule = f"{config.backbone} has no {name} to be chosen."
            raise UsageError(rule, got=getattr(config, name), hint=_WITH_SHAPE[name])
    if chooses_images(config):
        _check_subset(config, spec)
    if config.weak != ALONE:
        check_weak(config)
    if config.schedule == "onecycle" and (config.peak_epoch or 0) >= config.epochs:
        rule = f"The peak of a cycle of {config.epochs} epochs lies before its end."
        raise UsageError(rule, got=f"peak_epoch={config.peak_epoch}")
    if config.cycle_momentum and config.schedule != "onecycle":
        rule = "cycle_momentum belongs to schedule=onecycle."
        raise UsageError(rule, got=f"schedule={config.schedule}")
    if config.cycle_momentum and config.optimiser == "sgd" and not config.momentum:
        raise UsageError("cycle_momentum needs an optimiser with momentum.", got="momentum=0")


def _check_names(config: TrialConfig) -> None:
    """Loads nothing of what is named, since that imports much."""
    named = (
        (HEADS, config.head),
        (POLICIES, config.augment),
        (SCHEDULES, config.schedule),
        (OBJECTIVES, config.adversarial),
    )
    for registry, name in named:
        if name not in registry:
            raise UnknownNameError(registry.kind, name, registry.names())


def _check_subset(config: TrialConfig, spec: Backbone) -> None:
    strategy = parse_subset(config.subset).strategy
    if strategy.features and not spec.pretrained:
        rule = f"{strategy.name} chooses images by the features of a pretrained body."
        raise UsageError(rule, got=config.backbone, hint="Set subset=random, or another backbone.")


def _check_images(config: TrialConfig) -> None:
    if config.adversarial != CLEAN and config.mixup:
        rule = "An attack needs one label an image, and mixup gives two."
        raise UsageError(rule, got=f"mixup={config.mixup}", hint="Set mixup=0 or adversarial=none.")
    if config.tune != "head" or config.adversarial != CLEAN:
        return
    for name, nothing in _FOR_IMAGES.items():
        value = getattr(config, name)
        if value != nothing:
            rule = f"{name} changes images, and tune=head sees only what was cached of them."
            raise UsageError(rule, got=f"{name}={value}", hint="Set tune=last or tune=all.")
