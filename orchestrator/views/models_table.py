"""Registered models: versions, aliases, and the figures that they were promoted on."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from orchestrator.views.console import console_for
from orchestrator.views.listings import listing, moment
from orchestrator.views.numbers import NOTHING, count, percent_between, plain

if TYPE_CHECKING:
    from orchestrator.promoting.listing import ListedVersion, Score

_FOOTER = "in % with 95 % intervals, on test images; looks: openings of the test split by then"


def print_models(versions: Sequence[ListedVersion], tracking_uri: str) -> None:
    """Each version, the newest first."""
    console = console_for(sys.stdout)
    if not versions:
        words = f"No model is registered in {tracking_uri}. Start: orchestrator promote STUDY"
        console.print(Text(words))
        return
    table = listing(
        "model", "version>", "alias", "accuracy>", "robust score>", "attack", "ms>", "looks>",
        "made", "trial",
    )  # fmt: skip
    for each in versions:
        table.add_row(
            each.name,
            each.version,
            Text(", ".join(each.aliases) or NOTHING),
            _score(each.accuracy),
            _score(each.robust_score),
            each.attack or NOTHING,
            plain(each.latency_ms),
            count(each.test_openings),
            moment(each.created),
            Text(f"{each.trial} {each.label}".strip() or NOTHING),
            style="bold" if "champion" in each.aliases else "",
        )
    console.print(table)
    console.print(Text(_FOOTER, style="dim"))


def _score(score: Score) -> str:
    return percent_between(score.value, score.low, score.high)
