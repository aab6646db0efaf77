"""The comparison of a study's trials: as a table in Markdown, and whole as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from orchestrator.study.facts import TrialFacts
from orchestrator.study.spec import StudySpec
from orchestrator.tracking.notes import Links, escaped
from orchestrator.tracking.records import StudyRecord
from orchestrator.views.numbers import count, duration, metric
from orchestrator.views.shares import Share, share_of
from orchestrator.views.validation_words import interval_said, measured_on

_MOST_ROWS = 200
_LATE = {"running": 0, "finished": 1, "pruned": 2, "failed": 3, "stopped": 4}
_ABOUT_IMAGES = ("val_acc", "train_acc", "robust_score", "robust_acc")


def comparison_table(study: StudyRecord, links: Links, room: int) -> str:
    """The comparison in at most `room` letters; a line says so where it is cut."""
    shown = columns(study)
    header = ["#", "trial", *(_heading(name, study.spec) for name in shown), "time", "state"]
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    rows = ordered(study)
    used = sum(len(line) + 1 for line in lines) + 160
    for place, trial in enumerate(rows):
        line = _row(study, trial, shown, links)
        used += len(line) + 1
        if used > room or place >= _MOST_ROWS:
            return "\n".join(lines) + _cut(place, len(rows))
        lines.append(line)
    return "\n".join(lines) + _legend(study.spec, shown)


def comparison_csv(study: StudyRecord, links: Links) -> str:
    """One line a trial, best first, then those without a result."""
    names = sorted({name for trial in study.trials for name in trial.metrics})
    searched = sorted({name for trial in study.trials for name in trial.params})
    fixed = [n for n in ("backbone", "input_size", "epochs") if n not in searched]
    fixed = fixed if study.spec.has_images else []
    bounds = ["val_acc_low", "val_acc_high"] if study.spec.has_images and "val_acc" in names else []
    what = ["rank", "number", "label", "state", "reason", "origin", "of", "broken"]
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([*what, *fixed, *searched, *names, *bounds, "seconds", "run_id"])
    for trial in ordered(study):
        broken = ", ".join(study.broken(trial))
        told = [trial.number, trial.label, trial.state, trial.reason, trial.origin, trial.of]
        held = share(trial, "val_acc", study.spec)
        interval = (held.low, held.high) if bounds else ()
        writer.writerow(
            [
                study.places.get(trial.number, ""),
                *told,
                broken,
                *(trial.config.get(name, "") for name in fixed),
                *(trial.params.get(name, "") for name in searched),
                *(trial.metrics.get(name, "") for name in names),
                *interval,
                "" if trial.seconds is None else round(trial.seconds, 3),
                links.run_ids.get(trial.number, ""),
            ]
        )
    return buffer.getvalue()


def ordered(study: StudyRecord) -> list[TrialFacts]:
    """All trials with runs: ranked ones, then running ones, then the rest by number."""
    places = study.places
    return sorted(
        study.trials,
        key=lambda t: (
            (0, places[t.number], 0) if t.number in places else (1, _LATE[t.state], t.number)
        ),
    )


def columns(study: StudyRecord) -> list[str]:
    """Metrics worth a column: objectives, constraints, the gate; of images the usual ones too."""
    spec = study.spec
    wanted = [each.metric for each in spec.objectives]
    wanted += [each.metric for each in spec.constraints]
    wanted += [spec.gate.metric] if spec.gate else []
    wanted += _ABOUT_IMAGES if spec.has_images else ()
    present = {name for trial in study.trials for name in trial.metrics}
    return [name for name in dict.fromkeys(wanted) if name in present]


def figure(trial: TrialFacts, name: str, spec: StudySpec) -> str:
    """A trial's metric in the unit of its kind, with its interval where it has one."""
    held = share(trial, name, spec)
    return metric(name, held.value) if held.low is None else str(held)


def share(trial: TrialFacts, name: str, spec: StudySpec) -> Share:
    """A metric, with its interval where it is a share of images: `robust_score` is a mean."""
    if name == "robust_score":
        return Share(trial.metrics.get(name))
    return share_of(trial, name, spec)


def _heading(name: str, spec: StudySpec) -> str:
    arrows = {"maximize": "↑", "minimize": "↓"}
    found = [arrows[each.direction] for each in spec.objectives if each.metric == name]
    return " ".join([name, *found])


def _row(study: StudyRecord, trial: TrialFacts, shown: Sequence[str], links: Links) -> str:
    rank = str(study.places.get(trial.number, ""))
    figures = [figure(trial, name, study.spec) for name in shown]
    cells = [rank, links.trial(trial), *figures, duration(trial.seconds), _state(study, trial)]
    return "| " + " | ".join(cells) + " |"


def _state(study: StudyRecord, trial: TrialFacts) -> str:
    broken = ", ".join(study.broken(trial))
    why = trial.reason or (f"breaks {broken}" if broken else "")
    return trial.state + (f": {escaped(why)[:80]}" if why else "")


def _cut(shown: int, total: int) -> str:
    return (
        f"\n\nThe first {shown} of {total} trials; `comparison.csv` among the artifacts has them "
        "all, and the run list under *Sort: Created* nests them here."
    )


def _legend(spec: StudySpec, names: Sequence[str]) -> str:
    if not spec.has_images:
        return ""
    kinds = [f"val_acc on {measured_on(spec.split)}"] if "val_acc" in names else []
    if any(name.startswith("robust") for name in names):
        kinds.append(f"robust figures on {count(spec.split.robust)} images")
    if not kinds:
        return ""
    how = interval_said(spec.split)
    return f"\n\nIn percent, with 95 % intervals ({how}): {', '.join(kinds)}."
