"""The best so far, as a figure: one panel an objective, over one another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orchestrator.pictures.best_so_far import Track
from orchestrator.pictures.marks import Kind, Mark
from orchestrator.pictures.scales import beyond_words
from trainables.pictures.style import GREY, ORANGE, new_figure, shown, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def static_tracks(
    tracks: Sequence[Track],
    styles: dict[Kind, Mark],
    *,
    title: str,
    axis: str,
    span: tuple[float, float],
    whole: bool,
) -> Figure:
    """The figure; arguments as of `draw_tracks`."""
    from matplotlib.ticker import MaxNLocator

    figure = new_figure(11, 1.3 + 3.4 * len(tracks), title, figures=_best_words(tracks))
    panels = figure.subplots(len(tracks), 1, squeeze=False, sharex=True)[:, 0]
    for track, axes in zip(tracks, panels, strict=True):
        _draw_track(axes, track, styles, span[1])
    start, end = span
    margin = 0.02 * max(end - start, 1e-9)
    panels[-1].set_xlim(start - margin, end + margin)
    panels[-1].set_xlabel(axis)
    ticks = MaxNLocator(10, steps=[1, 2, 5, 10], min_n_ticks=1, integer=whole)
    panels[-1].xaxis.set_major_locator(ticks)
    labelled = {
        label: handle
        for axes in panels
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(
        labelled.values(), labelled.keys(), frameon=False, loc="outside lower left", ncols=5
    )
    return figure


def _draw_track(axes: Axes, track: Track, styles: dict[Kind, Mark], end: float) -> None:
    for kind, mark in styles.items():
        here = [point for point in track.points if point.kind == kind]
        if here:
            axes.scatter(
                [point.x for point in here],
                [point.value for point in here],
                s=30 if len(track.points) <= 200 else 12,
                alpha=mark.opacity,
                label=shown(mark.label),
                **mark.scatter,
            )
    if track.best:
        axes.plot(*track.line(end), color=ORANGE, drawstyle="steps-post", label="best so far")
    tidy(axes, "", y=shown(track.objective.metric))
    track.scale.mark(axes.yaxis)
    limits = track.scale.limits(track.values)
    if limits is not None:
        axes.set_ylim(limits)
        words = beyond_words(track.values, limits)
        axes.text(1, 1.01, words, transform=axes.transAxes, ha="right", va="bottom", color=GREY)


def _best_words(tracks: Sequence[Track]) -> str:
    """`best: val_acc 86.1 % (trial 17)`, of each objective."""
    parts = [
        f"{track.objective.metric} {track.scale.text(track.best[-1].value)} "
        f"(trial {track.best[-1].trial.number})"
        for track in tracks
        if track.best
    ]
    if parts:
        return f"best: {', '.join(parts)}"
    broken = any(point.kind == "infeasible" for point in tracks[0].points)
    return f"no trial of its own has {'held the constraints' if broken else 'finished'} yet"
