"""The commands that list: their tables fit 80 columns, and say what the JSON says."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import Run

LISTS = [
    ("spaces",),
    ("spaces", "backbone_compare"),
    ("backbones",),
    ("data", "list"),
    ("cache",),
    ("cache", "list"),
    ("list",),
    ("version",),
]


@pytest.mark.parametrize("line", LISTS, ids=" ".join)
def test_a_listing_fits_80_columns_and_has_no_colours_in_a_pipe(
    run: Run, line: tuple[str, ...]
) -> None:
    ended = run(*line)
    assert ended.status == 0, ended.err
    assert "\x1b" not in ended.out
    assert all(len(row) <= 80 and row == row.rstrip() for row in ended.out.splitlines())


def test_no_listing_makes_a_file(run: Run, tmp_path: Path) -> None:
    for line in LISTS:
        run(*line)
        run(*line, "--json")
    assert list(tmp_path.iterdir()) == []


def test_backbones_says_what_its_json_says(run: Run) -> None:
    rows = run("backbones", "--json").json["backbones"]
    table = run("backbones").out
    assert len(rows) >= 11
    for row in rows:
        assert row["name"] in table
        assert f"{row['features']:,}" in table


def test_data_that_was_fetched_is_listed_as_stored(run: Run) -> None:
    fetched = run("data", "fetch", "digits", "--json")
    assert fetched.status == 0, fetched.err
    assert fetched.json["images"] + fetched.json["test_images"] == 1797
    assert len(fetched.json["classes"]) == 10
    rows = {row["name"]: row for row in run("data", "list", "--json").json["data"]}
    assert rows["digits"]["present"]
    assert rows["digits"]["digest"] == fetched.json["digest"]


def test_one_space_shows_ranges_baselines_and_objective(run: Run) -> None:
    shown = run("spaces", "backbone_compare")
    assert "1e-05 to 0.01, log" in shown.out
    assert "maximize val_acc" in shown.out
    facts = run("spaces", "backbone_compare", "--json").json
    by_name = {each["name"]: each for each in facts["parameters"]}
    assert by_name["lr"]["low"] == 1e-5
    assert by_name["lr"]["log"] is True
    assert {baseline["backbone"] for baseline in facts["baselines"]} == set(
        by_name["backbone"]["choices"]
    )


def test_version_option_and_command_agree(run: Run) -> None:
    assert (
        run("--version").out.split()[1] == run("version", "--json").json["versions"]["orchestrator"]
    )
