"""From what a space suggests to the whole config of a trial, ours or anybody's, and its digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.study.spec import StudySpec
from search_spaces.errors import UsageError

OURS = "trainables."
"""Trainables in this package take a TrialConfig; all others take a dict."""


@dataclass(frozen=True)
class MadeConfig:
    """A config as JSON, and the digest of what its result depends on."""

    fields: dict[str, Any]
    digest: str


def is_ours(trainable: str) -> bool:
    """Whether it takes a TrialConfig."""
    return trainable.startswith(OURS)


def make_trial_config(spec: StudySpec, overrides: Mapping[str, Any]) -> MadeConfig:
    """The study's base config with a trial's overrides; what `--set` fixed stays.

    Raises:
        UsageError: a field or value that TrialConfig does not take, or one that is not JSON.
    """
    free = {key: value for key, value in overrides.items() if key not in spec.fixed}
    fields = {**spec.base_config, **spec.fixed, **free}
    if is_ours(spec.trainable):
        from orchestrator.settings import make_config

        config = make_config(fields)
        return MadeConfig(config.model_dump(mode="json"), config.digest)
    fields.setdefault("seed", spec.seed)
    return MadeConfig(fields, _digest(fields))


def _digest(fields: Mapping[str, Any]) -> str:
    try:
        text = json.dumps(fields, sort_keys=True)
    except TypeError as error:
        rule = "What a space suggests must be JSON: numbers, words, true or false, lists."
        raise UsageError(rule, got=str(error)) from None
    return hashlib.sha256(text.encode()).hexdigest()[:16]
