"""What to try next, by rules: each looks at the figures and says what follows, why, and how.

To add one: a function of the material in a file of its own, and a line here. A rule that has
nothing to say yields nothing; none knows of another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from orchestrator.reporting.material import Material
from orchestrator.reporting.next_steps.confirm import confirm
from orchestrator.reporting.next_steps.constraints import constraints
from orchestrator.reporting.next_steps.edges import edges
from orchestrator.reporting.next_steps.failures import failures
from orchestrator.reporting.next_steps.labels import labels
from orchestrator.reporting.next_steps.left_out import left_out
from orchestrator.reporting.next_steps.more_epochs import more_epochs
from orchestrator.reporting.next_steps.more_trials import more_trials
from orchestrator.reporting.next_steps.overfitting import overfitting
from orchestrator.reporting.next_steps.promote import promote
from orchestrator.reporting.next_steps.robustness import robustness
from orchestrator.reporting.next_steps.step import NextStep
from orchestrator.reporting.next_steps.stopping import stopping
from orchestrator.reporting.next_steps.unfinished import unfinished

Rule = Callable[[Material], Iterator[NextStep]]

RULES: tuple[Rule, ...] = (
    unfinished,
    failures,
    constraints,
    confirm,
    edges,
    more_trials,
    labels,
    overfitting,
    more_epochs,
    robustness,
    stopping,
    left_out,
    promote,
)
"""Most pressing first."""


def next_steps(material: Material) -> tuple[NextStep, ...]:
    """What the rules say of this study."""
    return tuple(step for rule in RULES for step in rule(material))


__all__ = ["RULES", "NextStep", "Rule", "next_steps"]
