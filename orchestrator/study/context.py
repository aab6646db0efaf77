"""What a space may know of a study, read from what the study holds."""

from __future__ import annotations

from orchestrator.settings import make_config
from orchestrator.study.configs import is_ours
from orchestrator.study.spec import StudySpec
from search_spaces.space import SpaceContext


def study_context(spec: StudySpec) -> SpaceContext:
    """The same at every start of the study, since all of it is frozen in the spec."""
    if not is_ours(spec.trainable):
        return SpaceContext(defaults=spec.fixed)
    defaults = make_config(spec.base_config).model_dump(mode="json")
    return SpaceContext(spec.backbones, spec.input_sizes, spec.split.train, defaults)
