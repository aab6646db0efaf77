"""The few figures that stand at the top of the page."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.reporting.material import Material
from orchestrator.reporting.spent import spent
from orchestrator.reporting.trial_figures import in_unit
from orchestrator.views.numbers import count, duration, percent


def highlights(material: Material) -> tuple[tuple[str, str], ...]:
    """A name and a value each; what is not known is left out."""
    spec = material.spec
    found = list(_means(material) if spec.comparison is not None else _best(material))
    if material.tests:
        found.append(("best on test", f"{percent(material.tests[0].accuracy)} %"))
    found.append(("trials", f"{count(material.done)} of {count(spec.trials)}"))
    cost = spent(material.trials)
    if cost.seconds:
        found.append(("trial time", duration(cost.seconds)))
    if spec.has_images:
        found.append(("labels used", count(spec.split.labels_used)))
    return tuple(found)


def _best(material: Material) -> Iterator[tuple[str, str]]:
    best, name = material.best, material.metric
    if best is None:
        return
    if len(material.spec.objectives) > 1:
        yield "on the Pareto front", count(len(material.result.front))
        return
    yield f"best {name}", in_unit(name, best.metrics.get(name))
    if "robust_score" in best.metrics and name != "robust_score":
        yield "its robust score", in_unit("robust_score", best.metrics["robust_score"])


def _means(material: Material) -> Iterator[tuple[str, str]]:
    """Of a study of repeats: means, since its best trial is only its luckiest."""
    from orchestrator.comparing.comparison import read_comparison

    found = read_comparison(material.trials, material.spec)
    for arm in found.arms[:2]:
        yield f"mean {found.metric} of {arm.name}", in_unit(found.metric, arm.mean.mean)
