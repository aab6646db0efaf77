"""What a pool of unlabelled images costs a trial, in forward passes of an image."""

from __future__ import annotations

from dataclasses import dataclass

from trainables.backbones import check_input_size, get_backbone
from trainables.config import TrialConfig
from trainables.weak import ALONE, parse_weak
from trainables.weak.mixing import Mixing, pool_count
from trainables.weak.teacher import SHARE, TEACHER, teacher_config
from trainables.weights_digest import weights_digest


@dataclass(frozen=True)
class Teaching:
    """What a teacher puts through its body: labelled images, and the pool's that take part."""

    backbone: str
    size: int
    images: int


def check_teacher(recipe: TrialConfig) -> None:
    """Told before anything runs, where all trials share it.

    Raises:
        UsageError: a size that the teacher's body does not take.
        WeightsUnavailable: its weights are not to be had; lists every route.
    """
    if found := teaching(recipe, 0, 0):
        check_input_size(found.backbone, found.size)
        weights_digest(teacher_config(recipe, parse_weak(recipe.weak)))


def pool_looked_at(recipe: TrialConfig, pool: int) -> int:
    """Images of the pool whose features the trial's own body gives."""
    if recipe.weak == ALONE:
        return 0
    spec = parse_weak(recipe.weak)
    return pool_count(spec.options, pool) if spec.method.trains == "head" and pool else 0


def images_an_epoch(recipe: TrialConfig, train: int, pool: int) -> int:
    """Images that go through a net that trains in an epoch."""
    if recipe.weak == ALONE or not pool:
        return train
    spec = parse_weak(recipe.weak)
    used = round(float(spec.options.get(SHARE.name, 1)) * pool_count(spec.options, pool))
    return Mixing.of(spec.options, recipe.batch_size, used).images(train, used)


def teaching(recipe: TrialConfig, train: int, pool: int) -> Teaching | None:
    """What labelling the pool by another body costs; None where none does."""
    if recipe.weak == ALONE:
        return None
    spec = parse_weak(recipe.weak)
    if spec.method.name != TEACHER.name:
        return None
    own = teacher_config(recipe, spec)
    size = own.input_size or get_backbone(own.backbone).natural_size
    return Teaching(own.backbone, size, train + pool_count(spec.options, pool))
