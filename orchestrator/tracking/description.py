"""The parent run's page: the question, the answer, a table that links to every trial."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestrator.study.spec import StudySpec
from orchestrator.tracking.records import StudyRecord, TrialRecord
from orchestrator.views.numbers import count, duration, metric, percent_between
from trainables.evaluation.intervals import wilson_interval

_MOST_LETTERS = 7800  # MLflow holds 8,000 of a tag; the CSV has all trials
_MOST_ROWS = 200


@dataclass(frozen=True)
class Links:
    """Addresses within MLflow's own pages, which work wherever the server is.

    Args:
        experiment_id: that the runs are in.
        run_ids: by trial number.
    """

    experiment_id: str
    run_ids: Mapping[int, str]

    def run(self, text: str, run_id: str | None) -> str:
        """A Markdown link to a run's page; the text alone where there is no run."""
        if run_id is None:
            return text
        return f"[{text}](#/experiments/{self.experiment_id}/runs/{run_id})"

    def ranking(self, name: str, maximize: bool) -> str:
        """A Markdown link to all runs of the experiment in one flat list, sorted by a metric."""
        order = f"orderByKey=metrics.%60{name}%60&orderByAsc={'false' if maximize else 'true'}"
        place = f"#/experiments/{self.experiment_id}/runs?workflowType=machine_learning&{order}"
        return f"[all runs sorted by {name}]({place})"

    def trial(self, trial: TrialRecord) -> str:
        """A Markdown link to a trial's page, its label the text."""
        return self.run(_escaped(trial.label), self.run_ids.get(trial.number))


def describe(study: StudyRecord, links: Links, *, storage_hint: str = "") -> str:
    """The whole description, in Markdown, within what a tag may hold.

    Args:
        storage_hint: options that the commands need beside the study's name.
    """
    spec = study.spec
    head = [f"**{spec.space_question}**", answer(study, links), _setting(spec)]
    foot = [_left_out(spec), _how_to_go_on(study, links, storage_hint)]
    room = _MOST_LETTERS - sum(len(part) + 2 for part in (*head, *foot))
    return "\n\n".join(part for part in (*head, _table(study, links, room), *foot) if part)


def answer(study: StudyRecord, links: Links) -> str:
    """The answer as it stands, in a sentence or two."""
    spec, done = study.spec, study.settled
    progress = f"{done} of {spec.trials} trials"
    if not study.ranked:
        failed = sum(trial.state == "failed" for trial in study.trials)
        failures = f", {failed} failed" if failed else ""
        return f"No trial has finished yet ({progress}{failures})."
    best, name = study.ranked[0], study.objective.metric
    low, high = interval(best.metrics[name], _count(spec, name))
    value = _figure(name, best.metrics[name], low, high)
    unit = " %" if low is not None else ""
    sentence = f"{links.trial(best)} has the best `{name}`: **{value}{unit}**"
    sentence += f" after {progress}." if study.is_done else f" so far, after {progress}."
    rivals = _within(study, best, low)
    if rivals:
        names = "one other trial is" if rivals == 1 else f"{rivals} other trials are"
        sentence += f" {names[0].upper()}{names[1:]} within its interval."
    return sentence


def interval(value: float | None, total: int) -> tuple[float | None, float | None]:
    """Wilson's 95 % interval of a share of `total` images; Nones for what is no share."""
    if value is None or not 0 <= value <= 1 or total < 1:
        return None, None
    return wilson_interval(round(value * total), total)


def comparison_csv(study: StudyRecord, links: Links) -> str:
    """One line a trial, best first, then those without a result."""
    names = sorted({name for trial in study.trials for name in trial.metrics})
    searched = sorted({name for trial in study.trials for name in trial.params})
    fixed = [n for n in ("backbone", "input_size", "epochs") if n not in searched]
    columns = ["rank", "number", "label", "state", "reason", *fixed, *searched, *names]
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    bounds = ["val_acc_low", "val_acc_high"] if "val_acc" in names else []
    writer.writerow([*columns, *bounds, "seconds", "run_id"])
    for rank, trial in enumerate(ordered(study), start=1):
        low, high = interval(trial.metrics.get("val_acc"), study.spec.split.val)
        writer.writerow(
            [
                rank if trial in study.ranked else "",
                trial.number,
                trial.label,
                trial.state,
                trial.reason,
                *(trial.config.get(name, "") for name in fixed),
                *(trial.params.get(name, "") for name in searched),
                *(trial.metrics.get(name, "") for name in names),
                *([low, high] if bounds else []),
                round(trial.ended - trial.started, 3) if trial.ended else "",
                links.run_ids.get(trial.number, ""),
            ]
        )
    return buffer.getvalue()


def ordered(study: StudyRecord) -> list[TrialRecord]:
    """All trials: ranked ones, then running ones, then the rest by number."""
    ranked = study.ranked
    places = {trial.number: place for place, trial in enumerate(ranked)}
    late = {"running": 0, "finished": 1, "pruned": 2, "failed": 3, "stopped": 4}
    return sorted(
        study.trials,
        key=lambda t: (
            (0, places[t.number], 0) if t.number in places else (1, late[t.state], t.number)
        ),
    )


def _table(study: StudyRecord, links: Links, room: int) -> str:
    """The comparison; cut where the tag would overflow, with a line that says so."""
    spec, shown = study.spec, _columns(study)
    header = ["#", "trial", *(name for name, _ in shown), "time", "state"]
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    rows = ordered(study)
    used = sum(len(line) + 1 for line in lines) + 160
    for place, trial in enumerate(rows):
        figures = [_cell(trial, name, total) for name, total in shown]
        state = trial.state if not trial.reason else f"{trial.state}: {_escaped(trial.reason)[:80]}"
        seconds = trial.ended - trial.started if trial.ended else None
        rank = str(place + 1) if trial in study.ranked else ""
        line = (
            "| " + " | ".join([rank, links.trial(trial), *figures, duration(seconds), state]) + " |"
        )
        used += len(line) + 1
        if used > room or place >= _MOST_ROWS:
            return "\n".join(lines) + _cut(place, len(rows))
        lines.append(line)
    return "\n".join(lines) + _legend(spec, [name for name, _ in shown])


def _cut(shown: int, total: int) -> str:
    return (
        f"\n\nThe first {shown} of {total} trials; `comparison.csv` among the artifacts has them "
        "all, and the run list under *Sort: Created* nests them here."
    )


def _legend(spec: StudySpec, names: Sequence[str]) -> str:
    kinds = [f"val_acc on {count(spec.split.val)}"]
    if any(name.startswith("robust") for name in names):
        kinds.append(f"robust figures on {count(spec.split.robust)}")
    return f"\n\nIn percent, with 95 % intervals (Wilson): {', '.join(kinds)} images."


def _columns(study: StudyRecord) -> list[tuple[str, int]]:
    """Metrics worth a column, with the images each is a share of (0: no interval)."""
    split = study.spec.split
    wanted = [(o.metric, _count(study.spec, o.metric)) for o in study.spec.objectives]
    wanted += [("val_acc", split.val), ("train_acc", 0), ("robust_score", 0)]
    wanted += [("robust_acc", split.robust)]
    present = {name for trial in study.trials for name in trial.metrics}
    return [(n, total) for n, total in dict(reversed(wanted)).items() if n in present][::-1]


def _count(spec: StudySpec, name: str) -> int:
    """The images that a share of that name was measured on; 0 for what is no share of images."""
    counts = {
        "val_acc": spec.split.val,
        "train_acc": spec.split.train,
        "robust_acc": spec.split.robust,
        "fgsm_acc": spec.split.robust,
    }
    return counts.get(name, 0)


def _cell(trial: TrialRecord, name: str, total: int) -> str:
    value = trial.metrics.get(name)
    return _figure(name, value, *interval(value, total))


def _figure(name: str, value: float | None, low: float | None, high: float | None) -> str:
    return metric(name, value) if low is None else percent_between(value, low, high)


def _within(study: StudyRecord, best: TrialRecord, low: float | None) -> int:
    """How many trials lie inside the best one's interval, so that the ranking is no verdict."""
    if low is None or study.objective.direction != "maximize":
        return 0
    name = study.objective.metric
    return sum(trial.metrics[name] >= low for trial in study.ranked if trial is not best)


def _setting(spec: StudySpec) -> str:
    split = spec.split
    text = (
        f"{spec.data.name}, {count(split.labels_used)} labels used in all "
        f"({count(split.train)} training, {count(split.val)} validation); "
        f"robustness on {count(split.robust)} of the validation images."
    )
    reason = spec.input_size_reason.strip()
    return f"{text} {reason[0].upper()}{reason[1:]}" if reason else text


def _left_out(spec: StudySpec) -> str:
    if not spec.left_out:
        return ""
    lines = [f"- {item.backbone}: {' '.join(item.reason.split())[:120]}" for item in spec.left_out]
    return "**Left out**\n\n" + "\n".join(_escaped(line) for line in lines)


def _how_to_go_on(study: StudyRecord, links: Links, hint: str) -> str:
    spec, objective = study.spec, study.objective
    more = f"orchestrator search {spec.space} --study {spec.name} --trials {2 * spec.trials}"
    command = more if study.is_done else f"orchestrator resume {spec.name}"
    return (
        "**Go on**\n\n```\n"
        f"{command}{hint}\norchestrator show {spec.name}{hint}\n```\n\n"
        f"See also {links.ranking(objective.metric, objective.direction == 'maximize')}; among "
        "the artifacts `comparison.csv` and `comparison.png`; on each trial's own page its "
        "artifact `summary.png`."
    )


def _escaped(text: str) -> str:
    """Text that neither ends a table's cell nor starts a link or emphasis."""
    for sign in ("\\", "|", "[", "]", "<", "*", "`", "_"):
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())
