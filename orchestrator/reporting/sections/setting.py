"""What was asked, of which data, with how many labels, where and when."""

from __future__ import annotations

from datetime import UTC, datetime

from orchestrator.reporting.blocks import Code, Facts, Section, Words
from orchestrator.reporting.material import Material
from orchestrator.study.spec import StudySpec
from orchestrator.views.numbers import count
from orchestrator.views.validation_words import (
    attacked_said,
    draws_said,
    images_said,
    validation_said,
)

_MOST_CLASSES = 12


def setting_section(material: Material) -> Section:
    """Names and what they are."""
    spec = material.spec
    rows: list[tuple[str, Words]] = [("study", (Code(spec.name), _state(material)))]
    rows.append(("made", (moment(spec.created),)))
    rows += _images(spec) if spec.has_images else [("trial", (Code(spec.trainable),))]
    rows.append(("objective", (_objectives(spec),)))
    rows += [("searched", _searched(spec))] if spec.parameters else []
    rows += [("fixed", (_fixed(spec),))] if spec.fixed else []
    rows.append(("how", (_how(spec),)))
    rows.append(("machine", (_machine(spec),)))
    rows.append(("versions", (", ".join(f"{n} {v}" for n, v in spec.versions.items()) or "-",)))
    rows.append(("commit", (spec.git_commit or "not from a checkout",)))
    return Section("setting", "The question and the setting", (Facts(tuple(rows)),))


def moment(seconds: float) -> str:
    """`2026-11-22 12:34 UTC`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _state(material: Material) -> str:
    running = " and is running" if material.running else ""
    return f": {count(material.done)} of {count(material.spec.trials)} trials ended{running}"


def _images(spec: StudySpec) -> list[tuple[str, Words]]:
    split = spec.split
    names = spec.data.classes
    shown = ", ".join(names[:_MOST_CLASSES]) + (", ..." if len(names) > _MOST_CLASSES else "")
    rows: list[tuple[str, Words]] = [
        (
            "data",
            (f"{spec.data.name}, {count(spec.data.images)} images with labels to choose from",),
        ),
        ("classes", (f"{len(names)}: {shown}",)),
        (
            "labels used",
            (
                f"{count(split.labels_used)} in all{draws_said(split)}: "
                f"{count(split.train)} for training, {count(split.val)} for validation",
            ),
        ),
        ("validation", (validation_said(split),)),
        (
            "splits",
            (
                f"{images_said(split)}{attacked_said(spec)}, {count(split.pool)} left unlabelled, "
                f"{count(split.test)} test",
            ),
        ),
    ]
    sizes = " or ".join(str(size) for size in spec.input_sizes) or spec.base_config.get(
        "input_size"
    )
    if sizes:
        why = f": {spec.input_size_reason}" if spec.input_size_reason else ""
        rows.append(("input size", (f"{sizes} px{why}",)))
    return rows


def _objectives(spec: StudySpec) -> str:
    ways = {"maximize": "as high as possible", "minimize": "as low as possible"}
    words = ", ".join(f"{each.metric} {ways[each.direction]}" for each in spec.objectives)
    bounds = " and ".join(str(condition) for condition in spec.constraints)
    return words + (f", where {bounds}" if bounds else "")


def _searched(spec: StudySpec) -> Words:
    words: list[str | Code] = []
    for name, held in spec.parameters.items():
        words += [", " if words else "", Code(name), f" {held}"]
    return tuple(words)


def _fixed(spec: StudySpec) -> str:
    return ", ".join(f"{name}={value}" for name, value in spec.fixed.items())


def _how(spec: StudySpec) -> str:
    parts = [f"space {spec.space}", f"sampler {spec.sampler}", f"pruner {spec.pruner.name}"]
    return ", ".join([*parts, f"seed {spec.seed}"])


def _machine(spec: StudySpec) -> str:
    held = spec.resources
    if not held:
        return "-"
    where = "in one process" if held.get("local") else f"{held.get('concurrency')} at a time"
    parts = [f"{_of(held.get('cpus'), 'core')}, {_of(held.get('gpus'), 'GPU')} in all"]
    share = _of(held.get("cpus_per_trial"), "core")
    if held.get("gpus_per_trial"):
        share += f" and {_of(held['gpus_per_trial'], 'GPU')}"
    return ", ".join([*parts, f"{share} a trial", f"trials {where}"])


def _of(number: object, what: str) -> str:
    """`1 core`, `0.5 cores`, `- GPUs`."""
    known = f"{number:g}" if isinstance(number, int | float) else "-"
    return f"{known} {what}{'' if known == '1' else 's'}"
