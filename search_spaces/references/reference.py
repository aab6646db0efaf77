"""What a reference system is: its rows, what was published of them, and a space that runs them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from search_spaces.errors import UnknownNameError
from search_spaces.space import Params, Space, SpaceContext, TrialLike

BUDGETS = ("small", "full")


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Args:
        name: as the table shows it.
        backbone: whose weights it needs, if any.
        overrides: fields of TrialConfig.
        train, test: published accuracies in percent; None where this row is ours.
        note: how it differs from what was published.
        against: name of the row that this one is held against under attack.
    """

    name: str
    backbone: str
    overrides: Params
    train: float | None = None
    test: float | None = None
    note: str = ""
    against: str = ""


@dataclass(frozen=True)
class Missing:
    """A line that cannot be run yet, with what was published and the reason."""

    name: str
    test: float
    reason: str


@dataclass(frozen=True)
class Reference:
    """One system.

    Args:
        name: A, B, C or D.
        title: what it is, in a line.
        question: what its rows answer.
        rows: by budget.
        defaults: by budget, fields that all its rows share.
        left_out: by budget, what it leaves out of the published recipe, in words.
        missing: rows that no budget has.
    """

    name: str
    title: str
    question: str
    rows: Mapping[str, Sequence[Row]]
    defaults: Mapping[str, Params]
    left_out: Mapping[str, str]
    missing: Sequence[Missing] = field(default=())


def reference_space(reference: Reference, budget: str) -> Space:
    """A space whose points are the rows, each once.

    Raises:
        UnknownNameError: there is no such budget.
    """
    if budget not in reference.rows:
        raise UnknownNameError("budget", budget, tuple(reference.rows))
    rows = {row.name: row for row in reference.rows[budget]}

    def offered(context: SpaceContext) -> tuple[str, ...]:
        return tuple(name for name, row in rows.items() if row.backbone in context.backbones)

    def suggest(trial: TrialLike, context: SpaceContext) -> Params:
        row = rows[trial.suggest_categorical("row", offered(context))]
        return {"backbone": row.backbone, **row.overrides}

    def baselines(context: SpaceContext) -> list[dict[str, Any]]:
        # The fewest epochs first: a night that is cut short has the more rows to show.
        names = sorted(offered(context), key=lambda name: rows[name].overrides.get("epochs", 0))
        return [{"row": name} for name in names]

    return Space(
        name=f"reference_{reference.name}_{budget}",
        question=reference.question,
        suggest=suggest,
        baselines=baselines,
        grid=lambda context: {"row": offered(context)},
        compares_backbones=True,
        defaults={"attack": "none", **reference.defaults[budget]},
        backbones=tuple(dict.fromkeys(row.backbone for row in rows.values())),
        sampler="grid",
    )
