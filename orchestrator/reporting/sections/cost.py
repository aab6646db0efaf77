"""What it cost: trial hours and what they went into, what stopping early saved, failures."""

from __future__ import annotations

from orchestrator.reporting.blocks import (
    Block,
    Facts,
    Items,
    Section,
    Table,
    Words,
    cells,
    paragraph,
)
from orchestrator.reporting.material import Material
from orchestrator.reporting.spent import Spent, Trouble, spent, troubles
from orchestrator.reporting.study_picture import study_figure
from orchestrator.views.fidelity_text import saved_line
from orchestrator.views.numbers import count, duration, percent

_TITLE = "What it cost"
_STATES = ("finished", "pruned", "failed", "stopped", "running", "waiting")
_WORDS = {"train_seconds": "training", "extract_seconds": "extracting features",
          "attack_seconds": "attacks", "corruption_seconds": "corruptions"}  # fmt: skip
_MOST_NAMED = 12


def cost_section(material: Material) -> Section:
    """Time, trials by state, what went wrong, and a timeline."""
    from orchestrator.pictures.timeline import draw_timeline

    if not material.trials:
        return Section("cost", _TITLE, (paragraph("No trial has begun, so it has cost nothing."),))
    found = spent(material.trials)
    blocks: list[Block] = [Facts((("trials", (_states(material),)), *_time(material, found)))]
    trouble = troubles(material.trials)
    if trouble:
        blocks.append(_table(trouble))
    if material.spec.left_out:
        lines = tuple(
            (f"left out: {i.backbone}: {_line(i.reason)}",) for i in material.spec.left_out
        )
        blocks.append(Items(lines))
    caption = "Trials over workers, from the first to the last."
    alt = f"{caption} {_time_words(found)}"
    return Section("cost", _TITLE, (*blocks, *study_figure(draw_timeline, material, caption, alt)))


def _states(material: Material) -> str:
    held = dict.fromkeys(_STATES, 0)
    for trial in material.trials:
        held[trial.state] = held.get(trial.state, 0) + 1
    words = ", ".join(f"{count(number)} {state}" for state, number in held.items() if number)
    warm = sum(trial.origin == "warm_start" for trial in material.trials)
    repeats = sum(trial.repeat for trial in material.trials)
    more = [f"{count(warm)} of these from warm starts"] if warm else []
    more += [f"{count(repeats)} of these answered from known ones"] if repeats else []
    return "; ".join([words, *more])


def _time(material: Material, found: Spent) -> list[tuple[str, Words]]:
    from orchestrator.study.fidelity import fidelity_report

    rows: list[tuple[str, Words]] = [("trial time", (_time_words(found),))]
    view = material.view
    if view is not None and view.time.seconds > 0:
        rows.append(("wall time", (f"{duration(view.time.seconds)}{_planned(material)}",)))
    for part, word in _WORDS.items():
        share = found.share(part)
        if share is not None:
            words = (
                f"{duration(found.parts[part])}, {percent(share)} % of the finished trials' time"
            )
            rows.append((word, (words,)))
    if found.wasted:
        share = found.wasted / found.seconds
        words = f"{duration(found.wasted)}, {percent(share)} % of all trial time"
        rows.append(("came to nothing", (words,)))
    report = fidelity_report(material.trials, material.spec)
    saved = saved_line(report) if report else "no trial could be stopped early: no pruner was set"
    return [*rows, ("stopping early", (saved,))]


def _time_words(found: Spent) -> str:
    hours = f" ({found.seconds / 3600:.1f} h)" if found.seconds >= 3600 else ""
    return f"{duration(found.seconds)}{hours} in {count(found.trials)} trials"


def _planned(material: Material) -> str:
    planned = material.spec.plan_seconds
    return "" if planned is None else f"; the plan said {duration(planned)}"


def _table(found: tuple[Trouble, ...]) -> Table:
    rows = [
        cells(each.state, count(len(each.trials)), _numbers(each), each.reason or "no reason known")
        for each in found
    ]
    caption = "Trials that came to nothing, with the reason"
    return Table(
        caption, ("state", "trials", "numbers", "reason"), tuple(rows), frozenset({0, 2, 3})
    )


def _numbers(trouble: Trouble) -> str:
    shown = [str(trial.number) for trial in trouble.trials[:_MOST_NAMED]]
    return ", ".join(shown) + (", ..." if len(trouble.trials) > _MOST_NAMED else "")


def _line(reason: str) -> str:
    return " ".join(reason.split())
