"""`orchestrator lr-find`: what it prints, writes and refuses; and its door from Python."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from command_line import Ended, Run
from json_keys import check

from orchestrator import lr_find
from trainables.config import TrialConfig
from trainables.trial import train

NET = (
    *("--data", "digits", "--weights", "random", "--backbone", "mini_vgg", "--train-size", "60"),
    *("--set", "tune=all", "--set", "width=8", "--set", "depth=2", "--set", "precision=float32"),
    *("--set", "batch_size=20"),
)


def png_size(path: Path) -> tuple[int, int]:
    held = path.read_bytes()
    assert held.startswith(b"\x89PNG")
    return int.from_bytes(held[16:20], "big"), int.from_bytes(held[20:24], "big")


def test_it_suggests_draws_and_says_what_to_do_next(run: Run, tmp_path: Path) -> None:
    ended = run("lr-find", *NET, "--steps", "40")
    assert ended.status == 0, ended.err
    assert "mini_vgg on digits" in ended.out
    assert "40 steps from 1e-07 to 10" in ended.out
    rows = [line.split() for line in ended.out.splitlines() if line.strip()]
    rules = {row[0]: row for row in rows}
    assert rules["steep"][1] == "(default)"
    lr = float(rules["steep"][2])
    assert 1e-7 < lr < 10
    for name in ("valley", "minimum", "slide"):
        assert 1e-7 < float(rules[name][1]) < 10
    assert f"--set lr={rules['steep'][2]};" in ended.out
    assert "range test" in ended.err and "range test ..." not in ended.out
    assert [path.name for path in tmp_path.iterdir()] == ["lr-find-mini_vgg.png"]
    width, height = png_size(tmp_path / "lr-find-mini_vgg.png")
    assert width > height > 400
    assert all(len(line) <= 80 and line == line.rstrip() for line in ended.out.splitlines())


def test_json_has_the_documented_keys_and_what_a_trial_would_multiply(run: Run) -> None:
    ended = run("lr-find", *NET, "--json", "--out", "curve.json")
    assert ended.status == 0, ended.err
    found = ended.json
    check("orchestrator lr-find --json", found)
    assert found["picture"] == "curve.png" and png_size(Path("curve.png"))
    kept = json.loads(Path("curve.json").read_text())
    assert kept == {key: value for key, value in found.items() if key != "picture"}
    (one,) = found["ranges"]
    lrs = one["lrs"]
    assert lrs[0] == 1e-7 and len(lrs) == len(one["losses"]) == len(one["smoothed"])
    by_name = {each["name"]: each["lr"] for each in found["suggestions"]}
    assert found["suggestions"][0]["name"] == found["rule"] == "steep"
    assert by_name["steep"] == found["lr"]
    assert min(lrs, key=lambda lr: abs(math.log(lr / found["lr"]))) == found["lr"]
    config = TrialConfig.model_validate({**found["config"], "lr_factor": 0.5, "epochs": 1})
    *_, report = train(config)
    assert report.metrics["lr_suggested"] == found["lr"]  # type: ignore[union-attr]
    assert report.metrics["lr_peak"] == found["lr"] / 2  # type: ignore[union-attr]


def test_nothing_to_suggest_is_a_failure_that_is_told(run: Run, tmp_path: Path) -> None:
    span = ("--steps", "15", "--lr-min", "1e-12", "--lr-max", "1e-11")
    ended = run("lr-find", *NET, *span, "--set", "augment=none", "--set", "dropout=0")
    assert ended.status == 1
    assert "the loss never falls by 1%" in ended.out
    assert "--lr-max" in ended.out.splitlines()[-1]
    assert (tmp_path / "lr-find-mini_vgg.png").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--backbone", "mini_vg"), "'mini_vgg'"),
        (("--backbone", "mini_vgg", "--set", "tune=head"), "tune=all"),
        ((*NET, "--set", "backbone=mlp"), "not both"),
        ((*NET, "--set", "lr_factor=2"), "no part of the test"),
        ((*NET, "--set", "input_size=8"), "at least 32 px"),
        ((*NET, "--lr-min", "20"), "to more than that"),
        ((*NET, "--lr-min", "0"), "from above 0"),
        ((*NET, "--steps", "5"), "10"),
        ((*NET, "--seeds", "0"), "1"),
        ((*NET, "--out", "curve.pdf"), ".png or a .json"),
        ((*NET, "--out", "nowhere/curve.png"), "folder that exists"),
    ],
)
def test_wrong_usage_ends_at_once_with_status_2(
    run: Run, arguments: tuple[str, ...], says: str, tmp_path: Path
) -> None:
    ended: Ended = run("lr-find", *arguments)
    assert ended.status == 2
    assert says in ended.err and ended.out == ""
    assert list(tmp_path.iterdir()) == []


def test_the_door_from_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lines: list[str] = []
    found = lr_find(
        "mini_vgg", data="digits", train_size=60, weights="random", seeds=2, steps=20, lr_max=1.0,
        settings={"tune": "all", "width": 8, "depth": 2}, progress=lines.append,
    )  # fmt: skip
    curve = found.curve
    assert list(curve.columns) == ["seed", "step", "lr", "loss", "smoothed"]
    assert sorted(set(curve.seed)) == [0, 1]
    first = curve[curve.seed == 0]
    assert first.lr.iloc[0] == 1e-7 and list(first.step) == list(range(len(first)))
    assert tuple(first.loss) == found.test.ranges[0].losses_S
    assert found.lr == found.suggestions[0].lr and found.suggestions[0].name == "steep"
    assert "range test 0/40 steps" in lines and "range test 20/40 steps" in lines
    assert list(tmp_path.iterdir()) == []
