"""Which trials cannot be told from the best by their figures alone.

Two 95 % intervals that overlap do not tell two trials apart. That is stricter than a paired test
on the same images would be, which suits: the best was chosen for its luck among others.
"""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.reporting.material import Material
from orchestrator.reporting.trial_figures import overlap
from orchestrator.views.shares import share_of


@dataclass(frozen=True)
class Rivals:
    """What cannot be told from the best.

    Args:
        known: whether the metric has intervals; else nothing is known of the rest.
        of: other trials that hold all constraints.
        trials: numbers of such trials.
        groups: backbones whose best trial is one, best first.
    """

    known: bool
    of: int = 0
    trials: tuple[int, ...] = ()
    groups: tuple[str, ...] = ()


def rivals(material: Material) -> Rivals:
    """By the first objective, among trials that hold all constraints."""
    best, name, spec = material.best, material.metric, material.spec
    if best is None:
        return Rivals(known=False)
    own = share_of(best, name, spec)
    others = [
        trial for trial in material.ranked
        if trial.number != best.number and not material.result.broken(trial)
    ]  # fmt: skip
    met = {trial.number: overlap(own, share_of(trial, name, spec)) for trial in others}
    near = tuple(number for number, meets in met.items() if meets)
    groups = tuple(group for group, trial in material.groups.items() if trial.number in near)
    return Rivals(own.low is not None, len(others), near, groups)
