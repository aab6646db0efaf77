"""What a space may know of a study, read from what the study holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orchestrator.settings import make_config
from orchestrator.study.configs import is_ours
from orchestrator.study.spec import StudySpec
from search_spaces.space import SpaceContext
from trainables.backbones import BACKBONES


def study_context(spec: StudySpec) -> SpaceContext:
    """The same at every start of the study, since all of it follows from the spec."""
    if not is_ours(spec.trainable):
        return SpaceContext(defaults={**spec.base_config, **spec.fixed})
    defaults = make_config(spec.base_config).model_dump(mode="json")
    return SpaceContext(
        backbones=spec.backbones,
        input_sizes=spec.input_sizes,
        train_size=spec.split.train,
        defaults=defaults,
        own_sizes=own_sizes(spec.backbones),
        **_arms(spec),
    )


def _arms(spec: StudySpec) -> dict[str, Any]:
    if spec.comparison is None:
        return {}
    held = spec.comparison
    arms = {name: arm.overrides for name, arm in held.arms.items()}
    return {"arms": arms, "repeats": held.repeats, "first_seed": held.first_seed}


def own_sizes(backbones: Sequence[str]) -> dict[str, int]:
    """Nets from scratch, by name: each sees images at its natural size, whatever others see."""
    known = {name: BACKBONES.get(name) for name in backbones if name in BACKBONES}
    return {name: spec.natural_size for name, spec in known.items() if not spec.pretrained}
