"""The parent run's page: the question, the answer, a table that links to every trial."""

from __future__ import annotations

from collections import Counter

from orchestrator.study.command import goes_on_by
from orchestrator.study.fidelity import fidelity_report
from orchestrator.study.pareto import feasible, pareto_front
from orchestrator.study.spec import StudySpec
from orchestrator.tracking.notes import Links, escaped
from orchestrator.tracking.records import StudyRecord
from orchestrator.tracking.table import comparison_table, figure, share
from orchestrator.views.fidelity_text import fidelity_lines
from orchestrator.views.numbers import count
from orchestrator.views.validation_words import (
    draws_said,
    images_said,
    is_attacked,
    validation_said,
)

_MOST_LETTERS = 7800  # MLflow holds 8,000 of a tag; the CSV has all trials
_MOST_OF_FRONT = 20


def describe(
    study: StudyRecord, links: Links, *, storage_hint: str = "", with_fidelity: bool = True
) -> str:
    """The whole description, in Markdown, within what a tag may hold.

    Args:
        storage_hint: options that the commands need beside the study's name.
        with_fidelity: whether to say if stopping early could be trusted, and what curves over the
            number of labels come to, which takes some time.
    """
    spec = study.spec
    head = [f"**{spec.space_question}**" if spec.space_question else ""]
    head += [answer(study, links) if spec.comparison is None else _compared(study)]
    head += [front(study, links), _setting(spec), _warm(study)]
    head += [_label_curves(study), _fidelity(study)] if with_fidelity else []
    foot = [_left_out(spec), _how_to_go_on(study, links, storage_hint)]
    room = _MOST_LETTERS - sum(len(part) + 2 for part in (*head, *foot))
    return "\n\n".join(
        part for part in (*head, comparison_table(study, links, room), *foot) if part
    )


def answer(study: StudyRecord, links: Links) -> str:
    """The answer as it stands, in a sentence or two."""
    spec, done = study.spec, study.settled
    progress = f"{done} of {spec.trials} trials"
    if not study.ranked:
        failed = sum(trial.state == "failed" for trial in study.trials)
        failures = f", {failed} failed" if failed else ""
        return f"No trial has finished yet ({progress}{failures})."
    best, name = study.ranked[0], study.objective.metric
    if not feasible(best, spec):
        bounds = " and ".join(f"`{condition}`" for condition in spec.constraints)
        return f"No trial holds {bounds} ({progress})."
    low = share(best, name, spec).low
    value = figure(best, name, spec) + (" %" if low is not None else "")
    sentence = f"{links.trial(best)} has the best `{name}`: **{value}**"
    sentence += f" after {progress}." if study.is_done else f" so far, after {progress}."
    rivals = _within(study, low)
    if rivals:
        names = "One other trial is" if rivals == 1 else f"{rivals} other trials are"
        sentence += f" {names} within its interval."
    return sentence


def _compared(study: StudyRecord) -> str:
    """What a study of repeats says of its arms, a sentence a pair."""
    from orchestrator.comparing.comparison import read_comparison

    found = read_comparison(study.facts, study.spec)
    lines = [f"- {escaped(sentence)}" for sentence in found.sentences[:_MOST_OF_FRONT]]
    return "\n".join([f"**{escaped(found.verdict)}**", "", *lines])


def front(study: StudyRecord, links: Links) -> str:
    """The Pareto front of a search with several objectives, as a list."""
    spec = study.spec
    if len(spec.objectives) < 2:
        return ""
    numbers = pareto_front(study.facts, spec)
    if not numbers:
        return ""
    lines = [f"**Pareto front** ({count(len(numbers))}): no other trial beats these in all of it."]
    for number in numbers[:_MOST_OF_FRONT]:
        trial = study.facts[number]
        values = ", ".join(f"{o.metric} {figure(trial, o.metric, spec)}" for o in spec.objectives)
        source = f" (from {trial.of})" if trial.origin == "warm_start" else ""
        lines.append(f"- {links.trial(trial)}{source}: {values}")
    more = len(numbers) - _MOST_OF_FRONT
    return "\n".join([lines[0], "", *lines[1:], *([f"- and {more} more"] if more > 0 else [])])


def _label_curves(study: StudyRecord) -> str:
    """How many labels are enough, where the study asked; the table is `label_curves.csv`."""
    from orchestrator.label_curves import label_sentences, read_label_curves

    lines = label_sentences(read_label_curves(study.facts, study.spec))
    return "\n".join(f"- {escaped(line)}" for line in lines[:_MOST_OF_FRONT])


def _within(study: StudyRecord, low: float | None) -> int:
    """How many trials lie inside the best one's interval, so that the ranking is no verdict."""
    if low is None or study.objective.direction != "maximize":
        return 0
    name = study.objective.metric
    holding = [trial for trial in study.ranked[1:] if feasible(trial, study.spec)]
    return sum(trial.metrics[name] >= low for trial in holding)


def _setting(spec: StudySpec) -> str:
    bounds = ", ".join(f"`{condition}`" for condition in spec.constraints)
    limits = f" Constraints: {bounds}." if bounds else ""
    if not spec.has_images:
        return f"Trials are runs of `{spec.trainable}`.{limits}"
    split = spec.split
    text = (
        f"{spec.data.name}, {count(split.labels_used)} labels used in all"
        f"{draws_said(split)} "
        f"({images_said(split)}). {_robustness(spec)}{validation_said(split)}{limits}"
    )
    reason = spec.input_size_reason.strip()
    return f"{text} {reason[0].upper()}{reason[1:]}" if reason else text


def _robustness(spec: StudySpec) -> str:
    robust = count(spec.split.robust)
    return f"Robustness on {robust} of the validation images. " if is_attacked(spec) else ""


def _warm(study: StudyRecord) -> str:
    """Trials of other studies, which have their runs there."""
    sources = Counter(trial.of.rpartition("/")[0] for trial in study.warm)
    parts = [f"{count(number)} of `{source}`" for source, number in sources.items()]
    if not parts:
        return ""
    return f"The sampler knew finished trials of other studies from the start: {', '.join(parts)}."


def _fidelity(study: StudyRecord) -> str:
    report = fidelity_report(study.facts, study.spec)
    if report is None:
        return ""
    lines = [f"- {escaped(line.strip())}" for line in fidelity_lines(report)]
    return "\n".join(["**Stopping early**", "", *lines])


def _left_out(spec: StudySpec) -> str:
    if not spec.left_out:
        return ""
    lines = [f"- {item.backbone}: {' '.join(item.reason.split())[:120]}" for item in spec.left_out]
    return "**Left out**\n\n" + "\n".join(escaped(line) for line in lines)


def _how_to_go_on(study: StudyRecord, links: Links, hint: str) -> str:
    spec, objective = study.spec, study.objective
    pages = "; on each trial's own page its artifact `summary.png`" if spec.has_images else ""
    return (
        "**Go on**\n\n```\n"
        f"{goes_on_by(spec, done=study.is_done)}{hint}\norchestrator show {spec.name}{hint}\n"
        f"```\n\nSee also {links.ranking(objective.metric, objective.direction == 'maximize')}; "
        f"among the artifacts `comparison.csv`, `comparison.png` and `pictures/`{pages}."
    )
