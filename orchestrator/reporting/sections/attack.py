"""How the best few bear an attack: curves over epsilon, and images before and after."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from orchestrator.evaluating.files import evaluated_alarms
from orchestrator.reporting.blocks import (
    Block,
    Figure,
    Section,
    Strong,
    Table,
    aside,
    cells,
    paragraph,
)
from orchestrator.reporting.material import Material
from orchestrator.results import TrialResult
from orchestrator.views.numbers import NOTHING, count, percent
from trainables.reports import RobustnessCurve

_TITLE = "Under attack"


def attack_section(material: Material) -> Section:
    """Left out for a trainable of one's own."""
    if not material.spec.has_images or not material.ranked:
        return Section("attack", _TITLE)
    held = [(trial, material.files[trial.number].curve) for trial in material.close]
    found = [(trial, curve) for trial, curve in held if curve is not None]
    if not found:
        asked = str(material.spec.attack.get("name", ""))
        why = "No attack was run (attack none)." if asked == "none" else (
            "The files of the best trials hold no robustness curve, or are not on this machine."
        )  # fmt: skip
        return Section("attack", _TITLE, (paragraph(why),))
    then = {trial.number: material.files[trial.number].second for trial, _ in found}
    blocks: tuple[Block, ...] = (
        _table(found, {number: curve for number, curve in then.items() if curve is not None}),
        aside(_basis(found)),
        *_alarms(found),
        *_evaluated_alarms(material),
        _figure(found),
    )
    return Section("attack", _TITLE, (*blocks, *_examples(material)))


def _table(
    found: list[tuple[TrialResult, RobustnessCurve]], second: Mapping[int, RobustnessCurve]
) -> Table:
    epsilons = sorted({eps for _, curve in found for eps in curve.eps_255})
    rows = []
    for trial, curve in found:
        at = dict(zip(curve.eps_255, curve.worst_case, strict=False))
        score = percent(trial.metrics.get("robust_score"))
        left = [percent(at[eps]) if eps in at else NOTHING for eps in epsilons]
        if second:
            then = second.get(trial.number)
            left.append(NOTHING if then is None else percent(then.worst_case[-1]))
        rows.append(cells(str(trial.number), trial.label, score, *left))
    columns = ("#", "trial", "robust_score", *(f"{eps:g}/255" for eps in epsilons))
    caption = "Accuracy left at each epsilon, the worst case up to it, in per cent"
    return Table(caption, (*columns, *_second_column(second)), tuple(rows), frozenset({1}))


def _second_column(second: Mapping[int, RobustnessCurve]) -> tuple[str, ...]:
    """After which attack, and how far it went: `then pgd10, 8/255`."""
    named = {(each.provenance["attack"], each.eps_255[-1]) for each in second.values()}
    if not named:
        return ()
    attack, eps = sorted(named)[0]
    return (f"then {attack}, {eps:g}/255",)


def _alarms(found: list[tuple[TrialResult, RobustnessCurve]]) -> tuple[Block, ...]:
    """What speaks against the figures of these trials."""
    return tuple(
        paragraph(Strong(f"Do not trust trial {trial.number} yet: "), str(words))
        for trial, curve in found
        for words in curve.provenance.get("warnings") or ()
    )


def _evaluated_alarms(material: Material) -> tuple[Block, ...]:
    """What `orchestrator evaluate` met, of the trials that are looked at closely."""
    return tuple(
        paragraph(
            Strong(f"Do not trust trial {trial.number} yet: "),
            f"{alarm.get('words', alarm.get('name'))} (Seen when it was evaluated.)",
        )
        for trial in material.close
        for alarm in evaluated_alarms(Path(trial.folder) if trial.folder else None)
    )


def _basis(found: list[tuple[TrialResult, RobustnessCurve]]) -> str:
    curve = found[0][1]
    held = curve.provenance
    facts = [
        f"{name} {held[name]}" for name in ("attack", "norm", "steps", "restarts") if name in held
    ]
    if "resolution" in held:
        facts.append(f"at {held['resolution']} px")
    return (
        f"{count(curve.count)} validation images, {', '.join(facts)}. robust_score is the "
        "normalised area under this curve from 0 to 8/255."
    )


def _figure(found: list[tuple[TrialResult, RobustnessCurve]]) -> Figure:
    from orchestrator.pictures.few_png import draw_robustness
    from trainables.pictures.style import png

    labels = [f"trial {trial.number}: {trial.label}" for trial, _ in found]
    drawn = png(draw_robustness([curve for _, curve in found], labels))
    trial, curve = found[0]
    ends = (
        f"from {percent(curve.worst_case[0])} % at epsilon 0 to {percent(curve.worst_case[-1])} %"
    )
    alt = f"A line a trial; that of trial {trial.number} falls {ends} at {curve.eps_255[-1]:g}/255."
    return Figure("robustness", "Accuracy over epsilon of the best few.", alt, drawn)


def _examples(material: Material) -> tuple[Figure, ...]:
    """Of the best trial that kept some."""
    from orchestrator.tracking.files import read_examples
    from trainables.pictures.examples import MOST_IMAGES, draw_examples
    from trainables.pictures.style import new_figure, png

    for trial in material.close:
        files = material.files[trial.number]
        examples = read_examples(files.folder)
        if examples is None or not len(examples.labels_N):
            continue
        classes = tuple(files.report.get("classes") or material.spec.data.classes)
        figure = new_figure(13, 5.4, f"Trial {trial.number}: {trial.label}")
        draw_examples(figure.subplots(), examples, classes)
        number = min(MOST_IMAGES, len(examples.labels_N))
        kept = examples.attacked_predicted_N[:number] == examples.labels_N[:number]
        alt = (
            f"{number} images, clean and attacked at {examples.eps_255:g}/255; after the attack "
            f"{int(kept.sum())} of them are still told right."
        )
        caption = (
            f"Images before and after the attack, and the difference, of trial {trial.number}."
        )
        return (Figure("examples", caption, alt, png(figure)),)
    return ()
