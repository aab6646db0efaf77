"""The description on a trial's own page, in Markdown, with links to the trials it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.study.facts import TrialFacts
from orchestrator.tracking.contents import attack_name
from orchestrator.tracking.files import TrialFiles
from orchestrator.tracking.records import StudyRecord, is_over
from orchestrator.views import markdown

_ORIGINS = {
    "baseline": "A baseline: a known good point, tried first.",
    "try": "A point that was asked for (`--try`).",
}


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

    def trial(self, trial: TrialFacts) -> str:
        """A Markdown link to a trial's page, its label the text."""
        return self.run(escaped(trial.label), self.run_ids.get(trial.number))

    def number(self, number: str) -> str:
        """A Markdown link to the page of the trial of that number."""
        return self.run(
            f"trial {number}", self.run_ids.get(int(number) if number.isdigit() else -1)
        )


def run_note(
    trial: TrialFacts, study: StudyRecord, files: TrialFiles, links: Links, parent: str
) -> str:
    """The whole description.

    Args:
        parent: run id of the study's own run.
    """
    home = links.run(study.spec.name, parent)
    lines = [f"Trial {trial.number} of {home}: **{escaped(trial.label)}** — {trial.state}."]
    lines += [f"Reason: {escaped(trial.reason)}"] if trial.reason else []
    lines += _relations(trial, study, links)
    lines += [_ORIGINS[trial.origin]] if trial.origin in _ORIGINS else []
    broken = study.broken(trial)
    lines += [f"It does not hold {', '.join(f'`{each}`' for each in broken)}."] if broken else []
    lines += _stopping(trial)
    if not files.here and trial.state in ("finished", "pruned"):
        lines.append(f"Its files are not to be had on this machine: `{files.folder}`.")
    return "\n\n".join(lines + _alarms(files) + _curve_legend(trial, files))


def _relations(trial: TrialFacts, study: StudyRecord, links: Links) -> list[str]:
    lines = []
    if trial.repeat:
        lines.append(f"Nothing was run: its figures are those of {links.number(trial.of)}.")
    elif trial.origin == "successor":
        lines.append(f"It goes on from {links.number(trial.of)}, whose driver was lost.")
    elif trial.origin == "retry":
        lines.append(f"It is {links.number(trial.of)} again.")
    follower = study.followers.get(trial.number)
    if follower is not None:
        lines.append(f"It is followed by {links.number(str(follower.number))}.")
    elif trial.state == "stopped":
        lines.append("It waits, and goes on in this run when the search does.")
    return lines


def _stopping(trial: TrialFacts) -> list[str]:
    if not trial.exempt:
        return []
    line = "It was exempt from early stopping, for the fidelity report."
    if trial.stopped_at is not None:
        line += f" The pruner would have stopped it at {trial.stopped_at}."
    elif is_over(trial):
        line += " The pruner would have let it run to its end."
    return [line]


def _alarms(files: TrialFiles) -> list[str]:
    """What speaks against its robust figures."""
    provenance = files.curve.provenance if files.curve else {}
    words = provenance.get("warnings") or ()
    return [f"**Do not trust its robustness yet:** {escaped(str(each))}" for each in words]


def _curve_legend(trial: TrialFacts, files: TrialFiles) -> list[str]:
    if files.curve is None:
        return []
    attack = attack_name(trial, files.curve)
    return [
        f"`summary.png` among the artifacts shows it all in one picture. In the charts "
        f"`robustness/{attack}_..._by_eps` a step is 0.5/255 of epsilon "
        f"(step 16 is 8/255), over {files.curve.count:,} validation images."
    ]


def escaped(text: str) -> str:
    """Text that neither ends a table's cell nor starts a link or emphasis."""
    return markdown.escaped(text, older=True)
