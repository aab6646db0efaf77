"""A timeline of trials over workers, and how much of their time workers were idle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from orchestrator.pictures.bars import Bar
from orchestrator.pictures.interactive import fragment
from orchestrator.pictures.lanes import Lane, idle_share, lanes
from orchestrator.pictures.picture import Picture
from orchestrator.pictures.scales import TimeUnit, time_unit
from orchestrator.pictures.sessions import SearchTime
from orchestrator.pictures.view import StudyView
from orchestrator.study.facts import TrialFacts
from orchestrator.views.numbers import duration
from trainables.pictures.style import BLUE, GREEN, GREY, ORANGE, PALE, png

_SKY = "#56B4E9"  # Okabe and Ito's too

# What became of a trial: colour and hatch, so that a print in grey reads well.
STYLES = {
    "finished": (BLUE, ""),
    "stopped early": (_SKY, ""),
    "infeasible or diverged": (PALE, "..."),
    "failed": (ORANGE, "xxx"),
    "interrupted": (GREY, "///"),
    "running": (GREEN, ""),
}


@dataclass(frozen=True)
class Timeline:
    """All that the picture shows."""

    lanes: tuple[Lane, ...]
    time: SearchTime
    unit: TimeUnit

    @property
    def end(self) -> float:
        """Where the axis ends."""
        return self.time.seconds / self.unit.seconds

    @property
    def axis(self) -> str:
        """What the axis is, in words."""
        left_out = ", breaks left out" if self.time.breaks else ""
        return f"{self.unit.name} of searching since the first trial began{left_out}"

    @property
    def words(self) -> str:
        """`2 workers, 34m12s of searching, workers idle 18 % of it`, and when it began."""
        return timeline_words(self.lanes, self.time)

    def span(self, bar: Bar) -> tuple[float, float]:
        """Start and width on the axis; a trial that took no time is still a line."""
        start, end = self.time.at(bar.start), self.time.at(bar.end)
        width = max(end - start, 0.001 * self.time.seconds)
        return start / self.unit.seconds, width / self.unit.seconds


def draw_timeline(view: StudyView) -> Picture | None:
    """The picture; None with fewer than two trials that ran, or no time between them."""
    from orchestrator.pictures.timeline_html import interactive_timeline
    from orchestrator.pictures.timeline_png import static_timeline

    time = view.time
    if len(view.runs) < 2 or time.seconds <= 0:
        return None
    timeline = Timeline(lanes(view.runs, time), time, time_unit(time.seconds))
    title = "Timeline of trials over workers"
    static, moving = static_timeline(timeline, title), interactive_timeline(timeline)
    return Picture("timeline", title, png(static), fragment(moving, "timeline", timeline.words))


def timeline_words(filled: Sequence[Lane], time: SearchTime) -> str:
    """How many workers, how long, since when, and the share of it in which they were idle."""
    idle = idle_share(filled, time)
    began = datetime.fromtimestamp(time.sessions[0].start, UTC).strftime("%Y-%m-%d %H:%M UTC")
    workers = f"{len(filled)} worker{'' if len(filled) == 1 else 's'}"
    share = "" if idle is None else f", workers idle {100 * idle:.0f} % of it"
    return f"{workers}, {duration(time.seconds)} of searching from {began}{share}"


def became(trial: TrialFacts) -> str:
    """What became of a trial, in the legend's words."""
    if trial.state == "pruned":
        return "stopped early" if trial.stopped_at is not None else "infeasible or diverged"
    return "interrupted" if trial.state == "stopped" else trial.state
