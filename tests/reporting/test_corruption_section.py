"""The report's section on corruptions: its table by hand, its figure, and where it is left out."""

from __future__ import annotations

import json
from pathlib import Path

from by_hand import a_material, a_trial

from orchestrator.reporting.blocks import Figure, Table, plain
from orchestrator.reporting.material import Material
from orchestrator.reporting.sections.corruptions import corruptions_section
from trainables.corruptions.report import CorruptionReport

FAMILIES = {"families": {"fog": "weather", "shot_noise": "noise"}}


def _material(tmp_path: Path, *shares: tuple[float, ...]) -> Material:
    """Trial N has `shares[N]`: fog at two severities, then shot noise; () for none."""
    trials = []
    for number, held in enumerate(shares):
        folder, metrics = tmp_path / str(number), {}
        folder.mkdir()
        if held:
            accuracy = {"fog": held[:2], "shot_noise": held[2:]}
            report = CorruptionReport(accuracy, (1, 5), 0.9, 100, FAMILIES)
            (folder / "report.json").write_text(json.dumps({"corruptions": report.to_json()}))
            metrics = {"corruption_acc": report.mean, "corruption_n": 100.0}
        trials.append(a_trial(number, 0.9 - 0.1 * number, metrics=metrics, folder=str(folder)))
    return a_material(*trials)


def test_the_table_by_hand(tmp_path: Path) -> None:
    section = corruptions_section(
        _material(tmp_path, (0.8, 0.4, 0.6, 0.2), (), (0.9, 0.7, 0.5, 0.3))
    )
    table = next(block for block in section.blocks if isinstance(block, Table))
    assert table.columns == (
        "#", "trial", "corruption_acc", "clean", "weather", "noise", "severity 1", "severity 5",
    )  # fmt: skip
    rows = [[plain(cell) for cell in row] for row in table.rows]
    assert rows[0] == ["0", "net", "50.0 (40.4-59.6)", "90.0", "60.0", "40.0", "70.0", "30.0"]
    assert [row[0] for row in rows] == ["0", "2"]
    figure = next(block for block in section.blocks if isinstance(block, Figure))
    assert figure.png.startswith(b"\x89PNG")
    # The better of the two under corruptions, and what it bears least.
    assert figure.caption == "Accuracy by corruption and severity of trial 2."
    assert figure.alt == "Mean accuracy 60.0 %; least under shot noise, 40.0 %."


def test_it_is_left_out_without_any_or_with_a_damaged_file(tmp_path: Path) -> None:
    material = _material(tmp_path, (), ())
    assert corruptions_section(material).blocks == ()
    (tmp_path / "0" / "report.json").write_text('{"corruptions": {"accuracy": 3}}')
    assert corruptions_section(_fresh(material)).blocks == ()


def _fresh(material: Material) -> Material:
    return Material(material.result)
