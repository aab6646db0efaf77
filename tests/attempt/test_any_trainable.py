"""Any generator function is a trial; what is none is named, with what is wrong with it."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from attempt_parts import assign, final, run

from orchestrator.run.adapting import read_reports
from orchestrator.run.attempt import Attempt, load_trainable
from search_spaces.errors import Diverged, TrialFailed, UsageError
from trainables.checkpoint import Checkpoint
from trainables.config import TrialConfig
from trainables.reports import EpochReport, Report, TrialReport

TABLE: list[tuple[str, list[tuple[int, dict[str, float]]], dict[str, float]]] = [
    ("plain", [(1, {"height": 2}), (2, {"height": 4}), (3, {"height": 6})], {"height": 6}),
    ("numbered", [(2, {"height": 2})], {"height": 2}),
    ("returning", [(1, {"height": 1}), (2, {"height": 2})], {"best": 1}),
    ("only_result", [], {"height": 3}),
    ("reporting", [(1, {"height": 1})], {"height": 5}),
    ("decorated", [(1, {"height": 1})], {"height": 1}),
    ("optional", [(1, {"height": 1, "has_checkpoint": 1})], {"height": 1, "has_checkpoint": 1}),
]


@pytest.mark.parametrize(("function", "epochs", "result"), TABLE, ids=[row[0] for row in TABLE])
def test_what_it_yields_is_what_is_heard_and_kept(
    function: str,
    epochs: list[tuple[int, dict[str, float]]],
    result: dict[str, float],
    tmp_path: Path,
) -> None:
    folder = tmp_path / "trial"
    messages = run(assign(folder, function, {"epochs": 3, "x": 2}))
    heard = [(m.epoch, dict(m.metrics)) for m in messages if m.kind == "epoch"]
    assert heard == epochs and final(messages) == result
    history = json.loads((folder / "history.json").read_text())
    assert [(row["epoch"], row["metrics"]) for row in history] == epochs
    assert json.loads((folder / "config.json").read_text()) == {"epochs": 3, "x": 2}
    report = json.loads((folder / "report.json").read_text())
    assert report.pop("schema") == 1 and report.pop("plain_config") is True
    assert report == {"metrics": result}
    names = {"config.json", "history.json", "report.json"}
    assert {file.name for file in folder.iterdir()} == names


def _read(what: list[Any]) -> list[Report]:
    """The reports of a trial that yields these."""
    return list(read_reports((item for item in what), Checkpoint(None)))


@pytest.mark.parametrize(
    ("value", "float_"),
    [
        (True, 1.0),
        (3, 3.0),
        (0.5, 0.5),
        (Fraction(1, 4), 0.25),
        (np.float32(0.5), 0.5),
        (np.int64(7), 7.0),
        (np.bool_(False), 0.0),
        (np.array(2.5), 2.5),
        (torch.tensor(3), 3.0),
        (torch.tensor(1.5, requires_grad=True), 1.5),
        (torch.tensor(0.5, dtype=torch.bfloat16), 0.5),
    ],
    ids=repr,
)
def test_numbers_of_all_kinds_are_figures(value: Any, float_: float) -> None:
    *_, report = _read([{"good": 1.0, "value": value}])
    assert isinstance(report, TrialReport)
    assert report.metrics == {"good": 1.0, "value": float_}
    assert type(report.metrics["value"]) is float


@pytest.mark.parametrize(
    "value",
    [
        "0.5",
        None,
        [1.0],
        {"a": 1.0},
        np.ones(1),
        torch.ones(2),
        1j,
        Decimal("0.1"),
        torch.nn.ReLU(),
    ],
    ids=repr,
)
def test_what_is_no_number_is_named(value: Any) -> None:
    with pytest.raises(TrialFailed, match="'value' is of type"):
        _read([{"good": 1.0, "value": value}])


NAN = float("nan")


@pytest.mark.parametrize(
    ("what", "error", "words"),
    [
        ([{"loss": NAN}], Diverged, "loss is not finite in epoch 1: nan"),
        (
            [{"loss": 1}, {"loss": np.float32("inf"), "acc": 1}],
            Diverged,
            "loss is not finite in epoch 2: inf",
        ),
        ([{"epoch": 7, "acc": 10**400}], Diverged, "acc is not finite in epoch 7: inf"),
        ([EpochReport(4, {"acc": NAN})], Diverged, "acc is not finite in epoch 4: nan"),
        ([], TrialFailed, "without a final report"),
        ([EpochReport(1, {"acc": 1})], TrialFailed, "without a final report"),
        ([3], TrialFailed, "yields a dict of figures.*Got: 3"),
        ([None], TrialFailed, "Got: None"),
        ([{1: 2.0}], TrialFailed, "names in words"),
        ([{"epoch": 2, "a": 1}, {"epoch": 2, "a": 1}], TrialFailed, "2 came after 2"),
        ([{"epoch": 5, "a": 1}, {"epoch": 3, "a": 1}], TrialFailed, "3 came after 5"),
        ([{"epoch": 1.5, "a": 1}], TrialFailed, "whole number"),
        ([{"epoch": -1, "a": 1}], TrialFailed, "whole number"),
        ([{"epoch": NAN, "a": 1}], TrialFailed, "whole number"),
        ([{"epoch": "one", "a": 1}], TrialFailed, "'epoch' is of type str"),
    ],
    ids=repr,
)
def test_reports_that_are_none(what: Any, error: type, words: str) -> None:
    with pytest.raises(error, match=words) as raised:
        _read(what)
    assert type(raised.value) is error


def test_epochs_may_start_at_nought_and_leave_some_out() -> None:
    what = [{"epoch": 0, "a": 1}, {"a": 2}, {"epoch": np.int64(5), "a": 3}, {"a": 4}]
    assert [r.epoch for r in _read(what) if isinstance(r, EpochReport)] == [0, 1, 5, 6]


def test_its_config_is_its_own(tmp_path: Path) -> None:
    config = {"deep": {"list": [0]}, "x": 1}
    run(assign(tmp_path, "changing", config))
    assert config == {"deep": {"list": [0]}, "x": 1}
    assert json.loads((tmp_path / "config.json").read_text()) == config


def test_ours_takes_a_checked_config() -> None:
    ours, theirs = load_trainable("trainables.trial:train"), load_trainable("strangers:plain")
    assert ours.takes_checkpoint and not theirs.takes_checkpoint
    config = TrialConfig(lr=1e-3)
    fields = config.model_dump(mode="json")
    assert ours.config(fields) == config and ours.digest(fields) == config.digest
    parts = ours.config(fields, 2)
    assert isinstance(parts, TrialConfig) and parts.accumulation == 2
    assert theirs.config({"x": 1}) == {"x": 1}
    assert theirs.config({"x": 1}, 2) == {"x": 1, "accumulation": 2}
    assert theirs.digest({"x": 1}) == theirs.digest({"x": 1, "accumulation": 2})
    assert theirs.digest({"x": 1, "y": 2}) == theirs.digest({"y": 2, "x": 1})
    assert theirs.digest({"x": 1}) != theirs.digest({"x": 2})


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("strangers", r"named package\.module:function"),
        (":plain", r"named package\.module:function"),
        ("strangers:", r"named package\.module:function"),
        ("strangers:nowhere", "The module strangers has no nowhere"),
        ("strangres:plain", "There is no module strangres"),
        ("orchestrator.nowhere:train", r"There is no module orchestrator\.nowhere"),
        ("strangers:not_a_generator", "a generator function.*has a function of that name"),
        ("strangers:number", "a generator function.*has a int of that name"),
        ("strangers:Config", "a generator function"),
        ("strangers:no_config", "takes a config"),
        ("strangers:checkpoint_first", "takes a config"),
        ("strangers:greedy", "asks for 'loader'"),
    ],
)
def test_what_is_no_trainable(place: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        load_trainable(place)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import nowhere_at_all\n", "cannot be imported: ModuleNotFoundError.*nowhere_at_all"),
        ("1 / 0\n", r"cannot be imported: ZeroDivisionError.*broken_\d.py:1"),
        ("def train(:\n", "cannot be imported: SyntaxError"),
    ],
)
def test_a_module_that_breaks_says_where(
    text: str, words: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    name = f"broken_{len(text) % 10}"
    (tmp_path / f"{name}.py").write_text(text)
    with pytest.raises(UsageError, match=words):
        load_trainable(f"{name}:train", str(tmp_path))


def test_its_folder_comes_first_on_the_path_and_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "homemade.py").write_text("def train(config):\n    yield {'a': config['x']}\n")
    with pytest.raises(UsageError, match="There is no module homemade"):
        load_trainable("homemade:train")
    assignment = assign(
        tmp_path / "trial", "homemade:train", {"x": 4}, trainable_path=str(tmp_path)
    )
    assert final(run(assignment)) == {"a": 4.0}
    load_trainable("homemade:train", str(tmp_path))
    assert sys.path[0] == str(tmp_path) and sys.path.count(str(tmp_path)) == 1


def test_messages_say_who_worked(tmp_path: Path) -> None:
    first = next(Attempt(assign(tmp_path, "plain", {"epochs": 1, "x": 1})))
    host, process = first.worker.rsplit(":", 1)
    assert host and process.isdigit()
