"""The model card: what a promoted model is, what it was decided on, and what it is not for.

After Mitchell et al., Model Cards for Model Reporting (2019): details, data, metrics, evaluation,
limits. All of it is made from the decision and the record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from orchestrator.promoting.decision import PromotionDecision
from orchestrator.views.numbers import count, metric, percent, percent_between, plain
from orchestrator.views.validation_words import folds_said
from trainables.config import TrialConfig
from trainables.folds.kind import SPLIT, parse_validation
from trainables.record import TrialRecord

_MOST_CLASSES = 40
_SETTINGS = (
    *("backbone", "input_size", "tune", "head", "epochs", "lr", "optimiser", "schedule", "augment"),
    *("weight_decay", "dropout", "batch_size", "label_smoothing", "adversary"),
)


def model_card(decision: PromotionDecision, record: TrialRecord, tags: Mapping[str, str]) -> str:
    """The card, in Markdown."""
    return "\n\n".join(_parts(decision, record, tags)) + "\n"


def version_description(decision: PromotionDecision) -> str:
    """What MLflow's page of the version says: the sentence, the figures, the reasons."""
    reasons = [f"- {'✓' if r.holds else '✗'} {r.words}" for r in decision.reasons]
    who = decision.candidate.words if decision.candidate else ""
    parts = [f"{who}: {decision.why}.", _table(decision), "\n".join(reasons), _openings(decision)]
    return "\n\n".join(part for part in parts if part)[:4900]  # the column holds 5,000


def _parts(
    decision: PromotionDecision, record: TrialRecord, tags: Mapping[str, str]
) -> Iterator[str]:
    candidate, config = decision.candidate, record.config
    assert candidate is not None and isinstance(config, TrialConfig)
    classes = record.report.classes
    named = ", ".join(classes[:_MOST_CLASSES])
    more = "" if len(classes) <= _MOST_CLASSES else f" and {len(classes) - _MOST_CLASSES} more"
    yield f"# {decision.name}"
    yield f"An image classifier: {count(len(classes))} classes ({named}{more})."
    yield (
        "**Input** uint8 RGB images, `[N, H, W, 3]` or `[N, 3, H, W]`, of any size; resizing and "
        "normalisation are inside. **Output** logits or probabilities of the classes, in this "
        "order. Float32."
    )
    yield "## Where it comes from"
    yield "\n".join(
        [
            f"- {candidate.words}; trained again as trial {candidate.repeats_trial} of "
            f"{candidate.repeats_study} (repeat {candidate.repeat}), MLflow run "
            f"`{candidate.run_id}`",
            f"- data {candidate.data}, digest `{candidate.data_digest}`; split "
            f"`{tags.get('split_digest', '')}`, split seed {candidate.split_seed}, seed "
            f"{candidate.seed}",
            f"- {_labels(record)}",
            f"- code {tags.get('git_commit') or 'unknown'}; {tags.get('versions', '')}",
        ]
    )
    yield "## How it was trained"
    yield "\n".join(_settings(config))
    yield "## How it was chosen"
    yield _chosen(decision)
    yield "## On the test images"
    yield _table(decision)
    yield "\n".join(f"- {'✓' if r.holds else '✗'} {r.check}: {r.words}" for r in decision.reasons)
    yield _openings(decision)
    yield "## Limits"
    yield _limits(decision, classes)


def _labels(record: TrialRecord) -> str:
    counts = record.counts
    train, val = counts.get("train", 0), counts.get("val", 0)
    kfold = parse_validation(getattr(record.config, "validation", SPLIT))
    if kfold is not None:
        return f"{count(train)} labelled training images, validated by {folds_said(kfold)}"
    return f"{count(train)} labelled training images, {count(val)} for validation"


def _settings(config: TrialConfig) -> Iterator[str]:
    fields = config.model_dump(mode="json")
    for name in _SETTINGS:
        if fields.get(name) is not None:
            value = fields[name]
            yield f"- {name}: {plain(value) if isinstance(value, float) else value}"


def _chosen(decision: PromotionDecision) -> str:
    candidate = decision.candidate
    assert candidate is not None
    name = candidate.metric
    rows = [
        f"The finalists of {candidate.study} were each trained {len(candidate.seeds)} times on "
        f"fresh seeds ({', '.join(map(str, candidate.seeds))}) and splits. By the mean of `{name}` "
        "on validation images, before any test image was seen:",
        "",
        "| trial | configuration | mean | 95 % |",
        "| --- | --- | --- | --- |",
    ]
    for row in candidate.finalists:
        bounds = "-"
        if row.low is not None and row.high is not None:
            bounds = f"{metric(name, row.low)} to {metric(name, row.high)}"
        out = f" (out: {row.reason})" if row.reason else ""
        rows.append(f"| {row.trial} | {row.label}{out} | {metric(name, row.mean)} | {bounds} |")
    weights = (
        f"The weights are those of repeat {candidate.repeat}, the best on its own validation "
        "images: that figure is flattered by the choice, the mean above and the test figures are "
        "not."
    )
    return "\n".join([*rows, "", weights])


def _table(decision: PromotionDecision) -> str:
    if not decision.figures:
        return ""
    rows = ["| % (95 %) | this model | champion before | difference |", "| --- | --- | --- | --- |"]
    for figure in decision.figures:
        own, other, by = figure.candidate, figure.champion, figure.difference
        cells = [percent_between(own.value, own.low, own.high)]
        cells.append(percent_between(other.value, other.low, other.high) if other else "-")
        cells.append(percent_between(by.value, by.low, by.high) if by else "-")
        rows.append(f"| {figure.name} (n = {count(own.count)}) | {' | '.join(cells)} |")
    return "\n".join(rows)


def _openings(decision: PromotionDecision) -> str:
    times = "time" if decision.test_openings == 1 else "times"
    return (
        f"The test split was opened {decision.test_openings} {times} for this study: the more "
        "often one looks, the less the figure is worth."
    )


def _limits(decision: PromotionDecision, classes: tuple[str, ...]) -> str:
    lines = [
        f"- It answers one of its {len(classes)} classes whatever it is shown: an image of "
        "something else gets one of them, too.",
        "- The figures are of images like those of its data; of others nothing is known.",
    ]
    if decision.attack:
        grid = decision.attack.get("worst_case", {})
        eps = grid.get("eps_255", [])
        shares = grid.get("candidate", [])
        curve = ", ".join(f"{percent(s)} at {e:g}" for e, s in zip(eps, shares, strict=False))
        lines.append(
            f"- Under attack ({decision.attack.get('attack')}, "
            f"{decision.attack.get('norm', 'linf')}, "
            f"{count(decision.attack.get('count'))} test images), accuracy in % by epsilon in "
            f"1/255: {curve}{_alone(decision)}. A stronger attack may find more."
        )
        lines += [f"- {words}" for words in decision.warnings]
    else:
        lines.append("- It was not attacked: how robust it is, is not known.")
    return "\n".join(lines)


def _alone(decision: PromotionDecision) -> str:
    """What the figures would be without the champion's perturbations, where some broke more."""
    own = ((decision.attack or {}).get("transferred") or {}).get("candidate") or {}
    if not own.get("images"):
        return ""
    shares = ", ".join(percent(share) for share in own["alone_E"])
    return f", what had broken version {decision.against} counted in (without it {shares})"
