"""`comparison.png`: the finished trials side by side, by the first objective."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.study.facts import TrialFacts
from orchestrator.tracking.records import StudyRecord
from orchestrator.views.numbers import metric
from orchestrator.views.shares import share_of
from orchestrator.views.validation_words import measured_on
from trainables.attacks.figures import is_under_attack
from trainables.pictures.comparison import ComparedTrial, draw_comparison
from trainables.pictures.style import (
    BLUE,
    PALE,
    new_figure,
    png,
    say_nothing_here,
    shown,
    tidy,
)

_MOST = 30
_SHARES = ("val_acc", "train_acc")


def comparison_png(study: StudyRecord) -> bytes:
    """Accuracy and robust score for images; for anything else the objective in its own unit."""
    main = study.objective.metric
    if study.spec.has_images and (main in _SHARES or is_under_attack(main)):
        return _of_shares(study, "val_acc" if main == "robust_score" else main)
    return _of_values(study, study.ranked[:_MOST])


def _of_shares(study: StudyRecord, main: str) -> bytes:
    spec = study.spec
    shares = [share_of(trial, main, spec) for trial in study.ranked]
    bars = [
        ComparedTrial(
            _label(trial, study),
            share.value,
            share.low,
            share.high,
            trial.metrics.get("robust_score") if main != "robust_score" else None,
        )
        for trial, share in zip(study.ranked, shares, strict=True)
    ]
    words = "validation accuracy" if main == "val_acc" else main
    measured = f"{words} (n = {measured_on(spec.split)})" if main == "val_acc" else words
    if any(bar.second is not None for bar in bars):
        measured += f" and robust score (n = {spec.split.robust:,})"
    return png(draw_comparison(bars, title=spec.name, measured=measured, value_name=words))


def _of_values(study: StudyRecord, trials: Sequence[TrialFacts]) -> bytes:
    """One bar a trial from the worst shown, each with its figure; pale ones break a constraint."""
    objective, spec = study.objective, study.spec
    name, better = objective.metric, "more" if objective.direction == "maximize" else "less"
    title = f"{name}, {better} is better"
    figure = new_figure(12, 1.7 + 0.4 * max(2, len(trials)), spec.name, figures=title)
    axes = figure.subplots()
    if not trials:
        say_nothing_here(axes, "", "no trial has finished yet")
        return png(figure)
    values = [trial.metrics[name] for trial in trials]
    colours = [PALE if study.broken(trial) else BLUE for trial in trials]
    axes.barh(range(len(trials)), values, 0.7, color=colours)
    for place, value in enumerate(values):
        axes.annotate(
            metric(name, value),
            (max(value, 0.0), place),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
        )
    total = len(study.ranked)
    tidy(axes, "" if len(trials) == total else f"the best {len(trials)} of {total}", x=shown(name))
    axes.grid(visible=False, axis="y")
    axes.set_yticks(range(len(trials)), [shown(_label(trial, study)) for trial in trials])
    axes.margins(x=0.12)
    axes.invert_yaxis()
    return png(figure)


def _label(trial: TrialFacts, study: StudyRecord) -> str:
    broken = study.broken(trial)
    breaks = f", breaks {', '.join(broken)}" if broken else ""
    return f"{trial.label}  (trial {trial.number}{breaks})"
