"""How the best few bear corruptions of their images, where trials were measured under them."""

from __future__ import annotations

from orchestrator.reporting.blocks import Figure, Section, Table, aside, cells
from orchestrator.reporting.material import Material
from orchestrator.reporting.trial_figures import cell
from orchestrator.results import TrialResult
from orchestrator.views.numbers import NOTHING, count, percent
from trainables.corruptions.report import CorruptionReport

_TITLE = "Under corruptions"
_MEAN = "corruption_acc"


def corruptions_section(material: Material) -> Section:
    """Left out where no trial was."""
    found = [
        (trial, report)
        for trial in material.close
        if (report := _report(material, trial)) is not None
    ]
    if not found:
        return Section("corruptions", "")
    trial, report = max(found, key=lambda pair: pair[1].mean)
    blocks = (_table(material, found), aside(_basis(report)), _figure(trial, report))
    return Section("corruptions", _TITLE, blocks)


def _report(material: Material, trial: TrialResult) -> CorruptionReport | None:
    held = material.files[trial.number].report.get("corruptions")
    try:
        return None if not held else CorruptionReport.from_json(held)
    except (KeyError, TypeError, ValueError, AttributeError):  # damaged, as any file may be
        return None


def _table(material: Material, found: list[tuple[TrialResult, CorruptionReport]]) -> Table:
    families = list(dict.fromkeys(family for _, report in found for family in report.by_family))
    severities = sorted({each for _, report in found for each in report.severities})
    rows = []
    for trial, report in found:
        by_family, by_severity = report.by_family, report.by_severity
        shares = [by_family.get(each) for each in families]
        shares += [by_severity.get(each) for each in severities]
        mean, clean = cell(trial, _MEAN, material.spec), percent(report.clean)
        written = [NOTHING if share is None else percent(share) for share in shares]
        rows.append(cells(str(trial.number), trial.label, mean, clean, *written))
    columns = ("#", "trial", _MEAN, "clean", *families, *(f"severity {s}" for s in severities))
    caption = "Accuracy under corruptions, in per cent: all, by family, and by severity"
    return Table(caption, columns, tuple(rows), frozenset({1}))


def _basis(report: CorruptionReport) -> str:
    names = ", ".join(name.replace("_", " ") for name in report.accuracy)
    return (
        f"{count(report.count)} validation images at each of {count(len(report.severities))} "
        f"severities, after CIFAR-10-C: {names}. {_MEAN} is the mean over all of them."
    )


def _figure(trial: TrialResult, report: CorruptionReport) -> Figure:
    from trainables.pictures.corruptions import draw_corruptions
    from trainables.pictures.style import png

    said = f"{count(report.count)} validation images, mean {percent(report.mean)} %"
    title = f"Trial {trial.number}: {trial.label}"
    drawn = png(draw_corruptions(report, title=title, figures=said))
    least = min(report.by_name, key=lambda name: report.by_name[name])
    alt = (
        f"Mean accuracy {percent(report.mean)} %; least under {least.replace('_', ' ')}, "
        f"{percent(report.by_name[least])} %."
    )
    caption = f"Accuracy by corruption and severity of trial {trial.number}."
    return Figure("corruptions", caption, alt, drawn)
