"""What the trials of a search push through their bodies, in forward passes of an image."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.plan.pool import Teaching, images_an_epoch, pool_looked_at, teaching
from trainables.attacks import AUTO_ATTACK, NO_ATTACK
from trainables.attacks.score import SCORE_EPS_255
from trainables.backbones import get_backbone
from trainables.config import TrialConfig
from trainables.corruptions import SEVERITIES
from trainables.corruptions.choosing import chosen_corruptions
from trainables.folds import parse_validation
from trainables.inputs import kind_of_inputs
from trainables.objectives import CLEAN
from trainables.subsets import candidates, parse_subset

# Attacking one image costs about this many images' extraction: two forward passes and a backward
# one, and one more forward pass an epsilon for the images that stand: 4.9 passes an image of a
# frozen Lite net (`benchmarks/robustness_cost.py`), of which the backward one takes longest.
ATTACK_PASSES = 6.0
# An attack in many steps: passes of a step (forward, and back to the images), and the share of them
# that is run, since broken images leave. That share is 1 where nothing breaks: a guess.
STEP_PASSES, STANDING = 3.0, 0.5
# PGD in 10 steps at 8/255 on what FGSM left standing: of an image of the whole sample. Of a frozen
# Lite net 0.8 passes (the same benchmark), a third of them backward.
SECOND_PASSES = 1.0
# Training on an image costs about this many images' extraction, which runs a folded body: measured
# by benchmarks/train_passes.py; of nets with depthwise convolutions, and of others.
DEPTHWISE_PASSES, TRAIN_PASSES = 7.0, 3.5
# The last stage's share of a forward pass. Multiplications, counted by torch's FlopCounterMode at
# 128 px: tf_efficientnet_lite0 0.37, _lite2 0.33, mobilenet_v2 0.30, resnet18 0.23, vgg16 0.11.
LAST_STAGE = 0.3

# Making one corrupted image of 32 x 32 pixels, the mean over all corruptions and severities: 1.07
# ms of processor time (1.05 to 1.08, n = 5; `benchmarks/corruptions.py`).
CORRUPTING_SECONDS = 1e-3


@dataclass(frozen=True)
class Planned:
    """One trial that a search may run.

    Args:
        size: pixels a side; None for the body's own.
        recipe: its config.
        weight: how often it is to be expected among its like.
    """

    backbone: str
    size: int | None
    recipe: TrialConfig
    weight: float = 1.0

    @property
    def pixels(self) -> int:
        """Pixels a side that the body sees."""
        return self.size or get_backbone(self.backbone).natural_size


@dataclass(frozen=True)
class Likely:
    """The trials of a search: those that come first, and those that any further one may be."""

    first: tuple[Planned, ...]
    further: tuple[Planned, ...]


Points = Callable[[Mapping[str, Sequence[int]]], Likely]
"""The trials of a search, by the sizes that each backbone is offered."""


@dataclass(frozen=True)
class Workload:
    """What one trial has to push through its body.

    Args:
        train, val, attack: images to train on, to validate on, to attack.
        trials: of the whole search.
        recipe: what trials share of how they train.
        points: what they do not share; None where all train alike.
        images: those that may be trained on, labelled or not.
    """

    train: int
    val: int
    attack: int
    trials: int
    precision: str
    device: str
    recipe: TrialConfig
    points: Points | None = None
    images: int = 0

    def likely(self, sizes: Mapping[str, Sequence[int]]) -> Likely:
        """Its trials; where all train alike, one a backbone at the largest, then any at any."""
        found = self.points(sizes) if self.points is not None else Likely((), ())
        if found.first and found.further:
            return found
        first = [Planned(name, offered[-1], self.recipe) for name, offered in sizes.items()]
        further = [
            Planned(name, size, self.recipe, 1 / len(offered))
            for name, offered in sizes.items()
            for size in offered
        ]
        return Likely(found.first or tuple(first), found.further or tuple(further))

    def kept(self, trial: Planned) -> float:
        """Forward passes of an image that are kept for all trials like this one."""
        share = {"features": 1.0, "front": 1 - LAST_STAGE, "images": 0.0}[trial_kind(trial)]
        train, pool = self._train(trial), self._pool(trial)
        seen = max(train + pool_looked_at(trial.recipe, pool), self._looked_at(trial))
        return share * (seen + self.val)

    def attacked(self, trial: Planned) -> float:
        """Forward passes of an image that the attack costs this trial."""
        recipe = trial.recipe
        first = _attack_passes(recipe.attack, recipe.eps_255, self.attack)
        return first + min(first, _second_passes(recipe, self.attack))

    def corrupted(self, trial: Planned) -> float:
        """Forward passes of an image that corruptions cost this trial, clean images included."""
        conditions = len(SEVERITIES) * len(chosen_corruptions(trial.recipe.corruptions))
        return float(self.attack * (conditions + 1)) if conditions else 0.0

    @property
    def corrupting_seconds(self) -> float:
        """Seconds that making the corrupted images costs a trial; all trials have the same."""
        conditions = len(SEVERITIES) * len(chosen_corruptions(self.recipe.corruptions))
        return CORRUPTING_SECONDS * self.attack * conditions

    def anew(self, trial: Planned) -> float:
        """Forward passes of an image that training costs this trial."""
        kind = trial_kind(trial)
        train = images_an_epoch(trial.recipe, self._train(trial), self._pool(trial))
        if kind == "features":
            return 0.0
        trains = {"all": 1.0, "last": LAST_STAGE, "head": 0.0}[trial.recipe.tune]
        runs = trains if kind == "front" else 1.0
        passes = DEPTHWISE_PASSES if _has_depthwise(trial.backbone) else TRAIN_PASSES
        crafting = _crafting_steps(trial.recipe) * (passes + 1) / 2
        an_epoch = (runs + (passes - 1) * trains + crafting) * train
        # Measured no more often than takes as long as training: net_trial.py.
        measured = math.ceil(trial.recipe.epochs / max(1, math.ceil(self.val / (3 * train))))
        once = trial.recipe.epochs * an_epoch + measured * runs * self.val
        kfold = parse_validation(trial.recipe.validation)
        # Each repeat trains its folds on all but one part of k: k - 1 trainings in all.
        return once * (1 + kfold.repeats * (kfold.folds - 1)) if kfold else once

    def _looked_at(self, trial: Planned) -> int:
        """Images among which a subset strategy chooses by their features."""
        spec = parse_subset(trial.recipe.subset)
        if not spec.strategy.features:
            return 0
        return len(candidates(spec, self.images, budget=self._train(trial), seed=0))

    def teaching(self, trial: Planned) -> Teaching | None:
        """What another body than the trial's own is put through, to label the pool."""
        return teaching(trial.recipe, self._train(trial), self._pool(trial))

    def _pool(self, trial: Planned) -> int:
        """Images without a label."""
        return max(0, self.images - self._train(trial))

    def _train(self, trial: Planned) -> int:
        """Images that this trial trains on; a recipe without a number has the study's."""
        return trial.recipe.train_size or self.train


def trial_kind(trial: Planned) -> str:
    """What its inputs are: features, maps of a frozen front, or images."""
    return kind_of_inputs(trial.recipe, get_backbone(trial.backbone))


@functools.cache
def _attack_passes(attack: str, eps_255: tuple[float, ...], images: int) -> float:
    """Forward passes that an attack on so many images comes to, within its own limit."""
    if attack == NO_ATTACK:
        return 0.0
    from trainables.attacks.making import make_attack  # imports torch

    made = make_attack(attack)
    steps, targets, queries, restarts = (
        int(getattr(made, name, usual))
        for name, usual in (("steps", 0), ("targets", 1), ("queries", 0), ("restarts", 1))
    )
    an_eps = restarts * (steps * targets * STEP_PASSES + queries)
    if an_eps <= STEP_PASSES:
        return images * ATTACK_PASSES
    passes = images * sum(eps > 0 for eps in eps_255) * an_eps * STANDING
    return min(passes, float(made.max_passes or math.inf))


def _second_passes(recipe: TrialConfig, images: int) -> float:
    """Forward passes of the attack that comes after it, at one epsilon."""
    if recipe.second_attack == NO_ATTACK or recipe.attack == NO_ATTACK:
        return 0.0
    if recipe.second_attack == AUTO_ATTACK:
        return images * SECOND_PASSES if recipe.attack.startswith("fgsm") else 0.0
    return _attack_passes(recipe.second_attack, (SCORE_EPS_255,), images)


def _crafting_steps(recipe: TrialConfig) -> int:
    """Attack steps in a training step; each goes forward, and back to the images.

    That is training without the gradient of the weights, half of what goes back.
    """
    if recipe.adversarial == CLEAN:
        return 0
    return 1 if recipe.adversarial == "fast" else recipe.adversarial_steps


@functools.cache
def _has_depthwise(backbone: str) -> bool:
    from trainables.depthwise import has_depthwise

    return has_depthwise(get_backbone(backbone))
