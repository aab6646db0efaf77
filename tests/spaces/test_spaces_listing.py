"""`orchestrator spaces`: every space in a line, and each in full."""

from __future__ import annotations

import json

import pytest
from json_keys import check

from orchestrator.cli.app import main
from search_spaces import SPACES, find_space


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal in which no line of these is broken."""
    monkeypatch.setenv("COLUMNS", "250")


def test_every_space_has_a_line(wide, capsys):
    assert main(["spaces"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown and find_space(name).question in shown for name in SPACES)


@pytest.mark.parametrize("name", SPACES.names())
def test_json_in_full_has_the_documented_keys(name, capsys):
    assert main(["spaces", name, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    check("orchestrator spaces NAME --json", facts)
    assert facts["question"] == find_space(name).question
    assert facts["trials"] >= len(facts["baselines"]) > 0


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        (
            "onecycle",
            [
                "Always: schedule onecycle",
                "Unless you say otherwise: tune all, epochs 8",
                "Backbones: mini_vgg",
                "Trials: 16; stopping early compares whole short runs",
                "Tried first, 4 baselines, all with epochs 8:",
            ],
        ),
        (
            "subset_size",
            [
                "Trials: 135 by --sampler grid; none is stopped early",
                "Grid: subset random, margin:pool=10000, typiclust:pool=10000; "
                "train_size 10, 20, 50, 100, 200, 500, 1000, 2000, 5000; split_seed 0, 1, 2, 3, 4",
                "Tried first, 1 baseline:",
            ],
        ),
        (
            "everything",
            ["lr.head is lr in the branch head; --set lr=... fixes it in all.", "lr.scratch"],
        ),
        ("input_size", ["32 | 64 | 96 | 128 | 160 | 192 | 224"]),
    ],
)
def test_a_space_in_full(name, lines, wide, capsys):
    assert main(["spaces", name]) == 0
    shown = capsys.readouterr().out
    for line in lines:
        assert line in shown
