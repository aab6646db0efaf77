"""The few lines that a search says before it starts: what, on what, where to, how long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from orchestrator.views.numbers import count, duration, percent, plain
from orchestrator.views.validation_words import attacked_said, draws_said, validation_said

if TYPE_CHECKING:
    from rich.console import Console

    from orchestrator.plan.value import Estimate, Resources, SearchPlan
    from orchestrator.study.spec import StudySpec


def print_plan(console: Console, plan: SearchPlan) -> None:
    """Print the plan as a table of two columns, wrapped to the terminal."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, words in plan_lines(plan):
        table.add_row(name, Text(words))
    console.print(Text(f"{plan.spec.space}: {plan.spec.space_question}", style="bold"))
    console.print(table)


def plan_lines(plan: SearchPlan) -> list[tuple[str, str]]:
    """Pairs of a heading and what is to be said under it."""
    spec = plan.spec
    lines = [
        ("study", _study(plan)),
        *_images(spec),
        ("goal", _goal(plan)),
        ("search", _search(spec)),
        ("first", _first(plan)),
        ("machine", _machine(plan.resources)),
        ("time", _time(plan)),
        ("results", _results(plan)),
    ]
    if plan.to_fetch:
        lines.append(("to download", f"weights of {', '.join(plan.to_fetch)}"))
    return [(name, words) for name, words in lines if words]


def left_out_lines(spec: StudySpec) -> list[str]:
    """Backbones that are not tried; those left out for the same reason share a line."""
    by_reason: dict[str, list[str]] = {}
    for item in spec.left_out:
        by_reason.setdefault(" ".join(item.reason.split()), []).append(item.backbone)
    return [f"{', '.join(names)}: {reason}" for reason, names in by_reason.items()]


def _study(plan: SearchPlan) -> str:
    if plan.continuing:
        return f"{plan.spec.name}, going on: {plan.finished} of {plan.spec.trials} trials are done"
    return f"{plan.spec.name} (new)"


def _images(spec: StudySpec) -> list[tuple[str, str]]:
    """What trials are made of; of a trainable of one's own only its name is known."""
    if not spec.has_images:
        return [("trial", spec.trainable)]
    return [
        ("data", _data(spec)),
        ("validation", validation_said(spec.split)),
        ("unlabelled", _unlabelled(spec)),
        ("backbones", ", ".join(spec.backbones)),
        *(("left out", words) for words in left_out_lines(spec)),
        ("input size", _input_size(spec)),
    ]


def _search(spec: StudySpec) -> str:
    """The sampler, and what stops trials early."""
    why = f" (auto: {spec.sampler_reason})" if spec.sampler_reason else ""
    parts = [f"sampler {spec.sampler}{why}"]
    if spec.gate is not None:
        options = ", ".join(f"{name} {value:g}" for name, value in spec.pruner.options.items())
        how = f"{spec.pruner.name} ({options})" if options else spec.pruner.name
        what = "whole short runs" if spec.fidelity == "runs" else "epochs"
        exempt = f"one trial in {1 / spec.exempt_share:g} is exempt" if spec.exempt_share else ""
        parts.append(f"{how} stops trials early by {spec.gate.metric}, comparing {what}; {exempt}")
    if spec.constraints:
        parts.append(f"{' and '.join(map(str, spec.constraints))} wanted")
    return "; ".join(parts)


def _first(plan: SearchPlan) -> str:
    spec = plan.spec
    parts = []
    if spec.warm_start and not plan.continuing:
        parts.append(f"learns from {', '.join(spec.warm_start)}")
    tries = plan.tries if plan.continuing else spec.tries
    if tries:
        parts.append(f"{count(len(tries))} point{'s' if len(tries) > 1 else ''} asked for")
    if plan.retry_failed:
        parts.append("the failed trials again")
    return ", then ".join(parts)


def _data(spec: StudySpec) -> str:
    split = spec.split
    images = f"{count(split.train)} training images"
    if split.val:
        images = f"{count(split.train)} training and {count(split.val)} validation images"
    return (
        f"{spec.data.name}, {len(spec.data.classes)} classes: {images}{attacked_said(spec)}, "
        f"{count(split.labels_used)} labels in all{draws_said(split)}; "
        f"{count(split.pool)} left unlabelled, {count(split.test)} test images untouched"
    )


def _unlabelled(spec: StudySpec) -> str:
    """What all trials make of images without labels; nothing where they do nothing with them."""
    weak = str(spec.base_config.get("weak") or "none")
    if weak == "none":
        return ""
    from trainables.weak import parse_weak
    from trainables.weak.mixing import pool_count

    found = parse_weak(weak)
    images = count(pool_count(found.options, spec.split.pool))
    return f"{images} images take part, their labels unread: {weak}; {found.method.sentence}"


def _input_size(spec: StudySpec) -> str:
    fixed = spec.base_config.get("input_size")
    sizes = spec.input_sizes or ((fixed,) if fixed else ())
    words = " or ".join(str(size) for size in sizes)
    where = f"{words} px" if words else "each backbone's own"
    return f"{where}: {spec.input_size_reason}" if spec.input_size_reason else where


def _goal(plan: SearchPlan) -> str:
    spec = plan.spec
    aims = ", ".join(f"{each.direction} {each.metric}" for each in spec.objectives)
    fixed = ", ".join(f"{name} {_value(value)}" for name, value in _settled(plan).items())
    words = f"{aims} in {count(spec.trials)} trial{'' if spec.trials == 1 else 's'}"
    words = f"{words}, or until {spec.target}" if spec.target else words
    return f"{words}, with {fixed} fixed" if fixed else words


def _settled(plan: SearchPlan) -> dict[str, object]:
    """What every trial has: the space's own, and what `--set` fixed."""
    own = {name: plan.spec.base_config.get(name, value) for name, value in plan.space.fixed.items()}
    return {**own, **plan.spec.fixed}


def _value(value: object) -> str:
    return plain(value) if isinstance(value, float) else str(value)


def _machine(resources: Resources) -> str:
    gpus = f", {_of(resources.gpus, 'GPU')}" if resources.gpus else ", no GPU"
    share = _of(resources.cpus_per_trial, "core")
    if resources.gpus_per_trial:
        share += f" and {_of(resources.gpus_per_trial, 'GPU')}"
    if resources.local:
        how = "in this process, without Ray"
    elif resources.address:
        how = f"on the Ray cluster at {resources.address}"
    else:
        how = "under Ray, started here"
    at_once = "1 trial" if resources.concurrency == 1 else f"{resources.concurrency} trials"
    return f"{_of(resources.cpus, 'core')}{gpus}; {at_once} at a time with {share} each, {how}"


def _of(number: float, unit: str) -> str:
    return f"{number:g} {unit}{'' if number == 1 else 's'}"


def _time(plan: SearchPlan) -> str:
    budget = plan.time_budget
    limit = f"no new trial after {duration(budget)}" if budget is not None else ""
    if limit and plan.spec.on_budget == "checkpoint":
        limit = f"stops after {duration(budget)}; what runs then goes on when it is resumed"
    if plan.estimate is None:
        return limit or "not known before the first trial is done"
    return "; ".join(part for part in (_estimate(plan.estimate), limit) if part)


def _estimate(estimate: Estimate) -> str:
    parts = (
        (estimate.extract, "extracting features"),
        (estimate.head, "training heads"),
        (estimate.train, "training nets"),
        (estimate.attack, f"attacking ({_share(estimate)} %)"),
        (estimate.corrupt, "corrupting"),
        (estimate.start, "starting"),
    )
    known = ", ".join(f"{duration(seconds)} {words}" for seconds, words in parts if seconds > 0)
    return f"about {duration(estimate.total)}" + (f": {known}" if known else "")


def _share(estimate: Estimate) -> str:
    return percent(estimate.attack / estimate.total if estimate.total > 0 else 0.0)


def _results(plan: SearchPlan) -> str:
    from orchestrator.study.uris import masked

    places = (masked(plan.storage), masked(plan.tracking_uri), str(plan.spec.folder))
    return "study in {}\nruns in {}\nfiles in {}".format(*places)
