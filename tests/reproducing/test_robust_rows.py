"""Reference A under attack: rows that belong together, words from figures, table and curves."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from orchestrator.reproducing.reading import draw_table
from orchestrator.reproducing.reproduction import ReproducedRow, Reproduction
from orchestrator.reproducing.robust import RobustRow, robust_row, robust_sentences
from orchestrator.views.reproduction_table import print_reproduction
from search_spaces.references import BUDGETS, REFERENCES
from trainables.config import TrialConfig

PROVENANCE: dict[str, Any] = {"attack": "pgd10", "sample_digest": "s", "seed": 0, "alarms": []}


def robust(score: float, *worst: float, **provenance: Any) -> RobustRow:
    held = {**PROVENANCE, **provenance}
    return RobustRow("pgd10", 128, score, (0.0, 4.0, 8.0), worst, worst, (), held)


CLEAN = ReproducedRow("clean", test=0.80, robust=robust(0.25, 0.80, 0.10, 0.00))
ROBUST = ReproducedRow("robust", test=0.71, robust=robust(0.45, 0.70, 0.45, 0.20))
PAIRS = {"clean": "", "robust": "clean"}


@pytest.mark.parametrize("budget", BUDGETS)
def test_each_robust_row_of_a_has_a_baseline_that_is_attacked_alike(budget: str) -> None:
    reference = REFERENCES.get("A")
    rows = {row.name: row for row in reference.rows[budget]}
    pairs = [(row, rows[row.against]) for row in rows.values() if row.against]
    assert pairs
    for row, baseline in pairs:
        one, other = (
            TrialConfig.model_validate({**reference.defaults[budget], **each.overrides})
            for each in (row, baseline)
        )
        assert row.backbone == baseline.backbone
        assert one.adversarial != "none" and other.adversarial == "none"
        assert one.attack == other.attack != "none" and one.robust_size == other.robust_size
        assert (one.eps_255, one.input_size) == (other.eps_255, other.input_size)


def test_the_robust_model_against_its_baseline_by_hand() -> None:
    assert robust_sentences((CLEAN, ROBUST), PAIRS) == (
        "robust against clean: robust score +20.0 points (45.0 % and 25.0 %), accuracy at 8/255 "
        "+20.0 points (20.0 % and 0.0 %), accuracy on clean test images -9.0 points (71.0 % and "
        "80.0 %).",
    )
    assert robust_sentences((CLEAN,), PAIRS) == ()
    assert robust_sentences((ROBUST, replace(CLEAN, robust=None)), PAIRS) == ()


def test_unlike_attacks_are_not_compared() -> None:
    other = replace(CLEAN, robust=robust(0.25, 0.80, 0.10, 0.00, sample_digest="t"))
    (words,) = robust_sentences((other, ROBUST), PAIRS)
    assert "not attacked alike (the attacked images: s and t)" in words and "points" not in words


def test_a_row_is_read_from_its_trials_files(tmp_path: Path) -> None:
    curve = {"eps_255": [0, 8], "accuracy": [0.5, 0.1], "worst_case": [0.5, 0.05], "count": 64}
    alarms = [{"name": "zero_gradients", "figure": 0.6, "words": "..."}]
    held = {"robustness": {**curve, "provenance": {**PROVENANCE, "alarms": alarms}}}
    (tmp_path / "report.json").write_text(json.dumps(held))
    row = robust_row(str(tmp_path), {"robust_score": 0.275})
    assert row is not None and (row.score, row.count, row.alarms) == (
        0.275,
        64,
        ("zero_gradients",),
    )
    assert row.curve.worst_case == (0.5, 0.05)
    (tmp_path / "report.json").write_text('{"robustness": null}')
    assert robust_row(str(tmp_path), {}) is None
    assert robust_row(str(tmp_path / "gone"), {}) is None


def test_the_table_and_the_picture_of_curves(tmp_path: Path) -> None:
    table = Reproduction(
        "A", "t", "q", "small", "s", "cifar10", (CLEAN, ROBUST, ReproducedRow("plain", test=0.5)),
        "much", 10, 1, str(tmp_path / "bars.png"), str(tmp_path / "curves.png"),
        robust_sentences((CLEAN, ROBUST), PAIRS),
    )  # fmt: skip
    assert [row.name for row in table.attacked] == ["clean", "robust"]
    console = Console(width=160, record=True)
    print_reproduction(console, table)
    lines = [line.split() for line in console.export_text().splitlines()]
    assert ["clean", "pgd10", "128", "25.0", "80.0", "10.0", "0.0"] in lines
    assert ["robust", "pgd10", "128", "45.0", "70.0", "45.0", "20.0"] in lines
    draw_table(table)
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert table.to_json()["rows"][1]["robust"]["worst_case"] == (0.70, 0.45, 0.20)
