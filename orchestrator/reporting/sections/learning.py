"""How the best few trials learned, epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from orchestrator.reporting.blocks import Figure, Section, paragraph
from orchestrator.reporting.material import Material
from orchestrator.results import TrialResult

if TYPE_CHECKING:
    from orchestrator.pictures.few_png import Line, Panel

_OF_IMAGES = (("val_acc", "train_acc"), ("val_loss", "train_loss"))
_TITLE = "Learning curves"


def learning_section(material: Material) -> Section:
    """A panel a figure, a line a trial."""
    rows = {trial.number: _history(material, trial) for trial in material.close}
    if not material.ranked:
        return Section("learning", _TITLE)
    unit = "epoch" if material.spec.has_images else "step"
    panels = [panel for panel in _panels(material, rows) if any(panel.lines)]
    if not panels or not any(len(held) > 1 for held in rows.values()):
        why = f"The best trials left no figures by {unit}, or their files are not on this machine."
        return Section("learning", _TITLE, (paragraph(why),))
    return Section("learning", _TITLE, (_figure(material, panels, unit),))


def _history(material: Material, trial: TrialResult) -> Sequence[Mapping[str, Any]]:
    """Rows with `epoch` and figures; what the study itself holds where there are no files."""
    held = material.files[trial.number].history
    if held:
        return [{"epoch": row["epoch"], **row["metrics"]} for row in held]
    gate = material.spec.gate or material.spec.objectives[0]
    return [{"epoch": step, gate.metric: value} for step, value in trial.steps.items()]


def _figure(material: Material, panels: Sequence[Panel], unit: str) -> Figure:
    from orchestrator.pictures.few_png import draw_learning
    from trainables.pictures.style import png

    labels = [f"trial {trial.number}: {trial.label}" for trial in material.close]
    drawn = png(draw_learning(panels, labels, unit=unit))
    dotted = " Dotted: on the training images." if material.spec.has_images else ""
    chosen = "the best of each backbone first" if material.groups else "the best first"
    caption = f"{len(labels)} trials, {chosen}.{dotted}"
    return Figure("learning", caption, _alt(material, panels, unit), drawn)


def _panels(material: Material, rows: Mapping[int, Sequence[Mapping[str, Any]]]) -> list[Panel]:
    from orchestrator.pictures.few_png import Panel

    if material.spec.has_images:
        pairs: Sequence[tuple[str, str]] = _OF_IMAGES
    else:
        aims = (material.spec.gate, *material.spec.objectives)
        pairs = [(name, "") for name in dict.fromkeys(aim.metric for aim in aims if aim)][:2]
    return [Panel(name, beside, tuple(_line(r, name, beside) for r in rows.values()))
            for name, beside in pairs]  # fmt: skip


def _line(rows: Sequence[Mapping[str, Any]], name: str, beside: str) -> Line | None:
    from orchestrator.pictures.few_png import Line

    kept = [row for row in rows if row.get(name) is not None]
    if not kept:
        return None
    dotted = tuple(row.get(beside) for row in kept) if beside else ()
    steps = tuple(float(row["epoch"]) for row in kept)
    has_dotted = any(value is not None for value in dotted)
    return Line(steps, tuple(row[name] for row in kept), dotted if has_dotted else ())


def _alt(material: Material, panels: Sequence[Panel], unit: str) -> str:
    from orchestrator.views.numbers import metric

    first = panels[0]
    parts = [
        f"trial {trial.number} from {metric(first.metric, line.values[0])} to "
        f"{metric(first.metric, line.values[-1])} in {line.steps[-1]:g} {unit}s"
        for trial, line in zip(material.close, first.lines, strict=True)
        if line is not None
    ]
    return f"{first.metric} by {unit}: {'; '.join(parts)}."
