"""The trials side by side: the best of each backbone, then the best of all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orchestrator.reporting.blocks import (
    Block,
    Figure,
    Section,
    Table,
    aside,
    cells,
    paragraph,
)
from orchestrator.reporting.material import Material
from orchestrator.reporting.trial_figures import cell
from orchestrator.results import TrialResult
from orchestrator.views.numbers import NOTHING, count, duration, plain
from orchestrator.views.ranked_rows import searched
from orchestrator.views.validation_words import interval_said, measured_on

MOST_ROWS = 20
_OF_IMAGES = ("val_acc", "train_acc", "robust_score", "robust_acc")
_NAMED = ("backbone", "input_size")  # have a column anyway
_MOST_PARAMS = 8  # beyond, those that tell most
_MOST_OTHERS = 6  # figures of a trainable of one's own beside its objectives


def ranking_section(material: Material) -> Section:
    """The tables, and the picture of the first."""
    title = "The trials, side by side"
    if not material.ranked:
        return Section("ranking", title, (paragraph("No trial has finished with a value yet."),))
    blocks: list[Block] = []
    if material.groups:
        groups = tuple(material.groups.values())
        blocks.append(_table(material, groups, "The best trial of each backbone"))
    few = material.ranked[:MOST_ROWS]
    caption = "All finished trials, best first"
    if len(few) < len(material.ranked):
        caption = f"The best {count(len(few))} of {count(len(material.ranked))} finished trials"
    blocks.append(_table(material, few, caption))
    blocks.append(aside(_basis(material)))
    blocks.append(_picture(material))
    return Section("ranking", title, tuple(blocks))


def _table(material: Material, trials: Sequence[TrialResult], caption: str) -> Table:
    metrics, params = _metrics(material), _params(material)
    spec = material.spec
    what = ("backbone", "input") if spec.has_images and spec.comparison is None else ("trial",)
    columns = ("#", *what, *params, *(_heading(material, name) for name in metrics), "time")
    rows = []
    for trial in trials:
        named: tuple[Any, ...]
        if len(what) == 2:
            size = trial.config.get("input_size")
            named = (str(trial.config.get("backbone", NOTHING)), f"{size} px" if size else NOTHING)
        else:
            named = (trial.label,)
        broken = material.result.broken(trial)
        named = (f"{named[0]} (breaks {', '.join(broken)})" if broken else named[0], *named[1:])
        figures = [cell(trial, name, spec) for name in metrics]
        values = [_value(trial, name) for name in params]
        row = cells(str(trial.number), *named, *values, *figures, duration(trial.seconds))
        rows.append(row)
    best = material.best.number if material.best else None
    strong = frozenset(place for place, t in enumerate(trials) if t.number == best)
    text = frozenset({1}) | frozenset(2 + len(what) - 1 + i for i in _worded(trials, params))
    return Table(caption, columns, tuple(rows), text, strong)


def _metrics(material: Material) -> tuple[str, ...]:
    """Objectives, constraints and the gate; of images the usual ones too."""
    spec = material.spec
    wanted = [each.metric for each in spec.objectives]
    wanted += [condition.metric for condition in spec.constraints]
    wanted += [spec.gate.metric] if spec.gate else []
    present = list(dict.fromkeys(n for trial in material.ranked for n in trial.metrics))
    others = [name for name in present if name not in wanted]
    wanted += _OF_IMAGES if spec.has_images else others[:_MOST_OTHERS]
    return tuple(name for name in dict.fromkeys(wanted) if name in present)


def _params(material: Material) -> tuple[str, ...]:
    if material.spec.comparison is not None:
        return ()
    if material.spec.has_images:
        from search_spaces.parameter import field_of

        varied = dict.fromkeys(field_of(name) for t in material.ranked for name in t.params)
        named = [name for name in varied if name not in _NAMED]
        shown = named if len(named) <= _MOST_PARAMS else searched(material.ranked)
        return tuple(dict.fromkeys(("epochs", *shown)))
    return tuple(dict.fromkeys(name for trial in material.ranked for name in trial.params))


def _value(trial: TrialResult, name: str) -> str:
    value = trial.params.get(name, trial.config.get(name))
    if value is None:
        return NOTHING
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return plain(value) if isinstance(value, float) else count(value)


def _worded(trials: Sequence[TrialResult], params: Sequence[str]) -> list[int]:
    """Places of the parameters that hold words."""
    values = [[t.params.get(name, t.config.get(name)) for t in trials] for name in params]
    return [place for place, held in enumerate(values) if any(isinstance(v, str) for v in held)]


def _heading(material: Material, name: str) -> str:
    arrows = {"maximize": " ↑", "minimize": " ↓"}
    found = [arrows[o.direction] for o in material.spec.objectives if o.metric == name]
    return name + "".join(found)


def _basis(material: Material) -> str:
    spec = material.spec
    arrow = "↑ more is better, ↓ less."
    if not spec.has_images:
        return f"{arrow} Each figure is of one run, so what two trials differ by may be chance."
    words = (
        f"{arrow} Accuracies and scores in per cent, with 95 % intervals "
        f"({interval_said(spec.split)}): val_acc on {measured_on(spec.split)}"
    )
    if any("robust_score" in trial.metrics for trial in material.ranked):
        words += (
            f", robust figures on {count(spec.split.robust)}; that of robust_score, a mean over "
            "epsilons, is at most so wide"
        )
    return (
        f"{words}. The interval of each trial holds for that trial alone: the best of many is "
        "flattered by chance."
    )


def _picture(material: Material) -> Figure:
    from orchestrator.tracking.comparison import comparison_png
    from orchestrator.tracking.records import StudyRecord

    drawn = comparison_png(StudyRecord(material.spec, material.trials))
    caption = f"The finished trials by {material.metric}, best on top."
    best = material.ranked[0]
    value = cell(best, material.metric, material.spec)
    alt = f"Bars of {count(len(material.ranked))} trials; the longest is {best.label} with {value}."
    return Figure("comparison", caption, alt, drawn)
