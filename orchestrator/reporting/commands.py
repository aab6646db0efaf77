"""The command that makes a study like this one, with everything that was decided written out."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

from orchestrator.request import SearchRequest
from orchestrator.study.spec import ObjectiveSpec, StudySpec
from trainables.folds.kind import SPLIT

_LOCAL = ("python", "orchestrator")  # no packages of an index
_DEFAULT_FAILURES = 10
_DEFAULT_EXPERIMENT = SearchRequest.experiment


def search_command(spec: StudySpec) -> str:
    """`orchestrator search SPACE --study NAME ...`, with every option that its result hangs on.

    Asked in the study's own storage it goes on with the study; elsewhere it makes it anew.
    """
    words = ["orchestrator", "search", spec.space_source or spec.space]
    for option, value in _options(spec):
        words += [option] if value is None else [option, value]
    return " ".join(shlex.quote(word) for word in words)


def wrapped(command: str, width: int = 96) -> str:
    """The command over several lines that a shell takes for one, broken before options."""
    lines = [""]
    for part in re.split(r" (?=--)", command):
        if lines[-1] and len(lines[-1]) + 1 + len(part) > width:
            lines.append(f"  {part}")
        else:
            lines[-1] = f"{lines[-1]} {part}" if lines[-1] else part
    return " \\\n".join(lines)


def packages_command(spec: StudySpec) -> str:
    """`pip install` of the versions that decide a result; empty where none are known."""
    held = [f"{name}=={version}" for name, version in spec.versions.items() if name not in _LOCAL]
    return " ".join(["pip install", *held]) if held else ""


def _options(spec: StudySpec) -> Iterator[tuple[str, str | None]]:
    yield "--study", spec.name
    if spec.has_images:
        yield from _data(spec)
    else:
        yield "--trainable", spec.trainable
    yield from _settings(spec)
    yield from _search(spec)
    yield from _points(spec)
    yield from _machine(spec)


def _data(spec: StudySpec) -> Iterator[tuple[str, str]]:
    base = spec.base_config
    name, size = str(base.get("data", spec.data.name)), base.get("image_size")
    if size:  # folder:PATH@SIZE is the name under which it is stored
        name = name.removesuffix(f"@{size}")
        yield "--image-size", str(size)
    yield "--data", name
    yield "--train-size", str(spec.split.train)
    if spec.split.validation == SPLIT:
        yield "--val-size", str(spec.split.val)
    else:
        yield "--validation", spec.split.validation
    if spec.split.robust:
        yield "--robust-size", str(spec.split.robust)
    if spec.backbones:
        yield "--backbones", ",".join(spec.backbones)
    if base.get("weights") == "random":
        yield "--weights", "random"


def _settings(spec: StudySpec) -> Iterator[tuple[str, str]]:
    for name, value in spec.fixed.items():
        yield "--set", f"{name}={_typed(value)}"


def _search(spec: StudySpec) -> Iterator[tuple[str, str]]:
    yield "--trials", str(spec.trials)
    yield "--seed", str(spec.seed)
    yield "--objective", ",".join(_signed(objective) for objective in spec.objectives)
    for condition in spec.constraints:
        yield "--constraint", str(condition)
    yield "--sampler", spec.sampler
    options = ",".join(f"{name}={value:g}" for name, value in spec.pruner.options.items())
    yield "--pruner", f"{spec.pruner.name}:{options}" if options else spec.pruner.name
    if spec.gate is not None and spec.pruner.name != "none":
        yield "--gate", _signed(spec.gate)
    if spec.target is not None:
        yield "--target", str(spec.target)
    if spec.max_failures != _DEFAULT_FAILURES:
        yield "--max-failures", str(spec.max_failures)
    if spec.duplicates != "answer":
        yield "--duplicates", spec.duplicates
    if spec.experiment != _DEFAULT_EXPERIMENT:
        yield "--experiment", spec.experiment


def _points(spec: StudySpec) -> Iterator[tuple[str, str]]:
    for point in spec.tries:
        yield "--try", ",".join(f"{name}={_typed(value)}" for name, value in point.items())
    for name in spec.warm_start:
        yield "--warm-start", name


def _machine(spec: StudySpec) -> Iterator[tuple[str, str | None]]:
    held = spec.resources
    if held.get("local"):
        yield "--local", None
    elif held.get("concurrency"):
        yield "--concurrency", str(held["concurrency"])
    if held.get("cpus_per_trial"):
        yield "--cpus-per-trial", f"{held['cpus_per_trial']:g}"
    if held.get("gpus_per_trial"):
        yield "--gpus-per-trial", f"{held['gpus_per_trial']:g}"


def _signed(objective: ObjectiveSpec) -> str:
    """Without a sign where the name alone says which way is better."""
    from orchestrator.plan.goals import parse_objectives

    (by_name,) = parse_objectives(objective.metric, ours=False)
    if by_name.direction == objective.direction:
        return objective.metric
    return f"{'+' if objective.direction == 'maximize' else '-'}{objective.metric}"


def _typed(value: Any) -> str:
    """As `read_value` of settings takes it."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, list | tuple):
        return ",".join(_typed(item) for item in value)
    return str(value)
