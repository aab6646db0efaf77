"""What a search found, by hand: what counts, what is best, the front, and the keys of the JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from plain_study import PlainStudy, plain_study

from orchestrator.results import SearchResult
from orchestrator.study.reading import board_rows, read_trials

_BOUND = [{"metric": "loss", "op": "<=", "bound": 0.5}]


def _result(study: PlainStudy) -> SearchResult:
    return SearchResult(study.spec, study.storage, read_trials(study.study, {0: "run-0"}))


def _study(root: Path, **changes: object) -> PlainStudy:
    """score and loss of 0: 0.5, 0.4; 1: 0.9, 0.6; 2 answered from 0; 3: 0.7, 0.5; 4 a warm start
    of 0.99, 0.1; 5 stopped early; 6 failed; 7 waits to go on; 8 runs."""
    study = plain_study(root, **changes)
    for score, loss in ((0.5, 0.4), (0.9, 0.6)):
        study.end(study.start(), metrics={"score": score, "loss": loss})
    study.end(study.start(), metrics={"score": 0.5, "loss": 0.4}, repeat_of="0")
    study.end(study.start(exempt=True), metrics={"score": 0.7, "loss": 0.5}, stopped_at=2)
    number = study.start(origin={"kind": "warm_start", "of": "other/3"}, with_folder=False)
    study.end(number, metrics={"score": 0.99, "loss": 0.1})
    study.end(study.start(), "pruned", reason="stopped early at step 1", stopped_at=1)
    study.end(study.start(), "failed", reason="boom")
    waiting = study.start()
    study.start()  # first: a trial that waits would be the next to start
    study.give_back(waiting)
    return study


@pytest.mark.parametrize(
    ("changes", "ranked", "best"),
    [
        ({}, [1, 3, 0], 1),
        ({"constraints": _BOUND}, [3, 0, 1], 3),
        ({"objectives": [{"metric": "loss", "direction": "minimize"}]}, [0, 3, 1], 0),
        ({"constraints": [{"metric": "loss", "op": ">=", "bound": 9}]}, [1, 3, 0], None),
        ({"constraints": [{"metric": "never", "op": "<=", "bound": 9}]}, [1, 3, 0], None),
    ],
)
def test_ranking(
    tmp_path: Path, changes: dict[str, object], ranked: list[int], best: int | None
) -> None:
    result = _result(_study(tmp_path, **changes))
    assert [trial.number for trial in result.ranked] == ranked
    assert (result.best.number if result.best else None) == best
    assert [trial.number for trial in result.results if trial.counts] == [0, 1, 3, 5]


def test_front_of_two_objectives(tmp_path: Path) -> None:
    study = plain_study(
        tmp_path,
        objectives=[
            {"metric": "score", "direction": "maximize"},
            {"metric": "loss", "direction": "minimize"},
        ],
    )
    for score, loss in ((0.5, 0.4), (0.9, 0.6), (0.4, 0.5), (0.7, 0.5)):
        study.end(study.start(), metrics={"score": score, "loss": loss})
    result = _result(study)
    assert [trial.number for trial in result.front] == [0, 1, 3]
    assert result.best and result.best.number == 1
    assert result.to_json()["front"] == [0, 1, 3]


def test_facts_reach_json_and_the_table(tmp_path: Path) -> None:
    result = _result(_study(tmp_path, constraints=_BOUND))
    shown = json.loads(json.dumps(result.to_json()))
    assert shown["constraints"] == ["loss<=0.5"] and shown["front"] == []
    assert shown["best"]["number"] == 3 and shown["best"]["exempt"]
    rows = shown["trials"]
    assert rows[1]["broken"] == ["loss<=0.5"] and rows[0]["broken"] == []
    assert (rows[2]["repeat"], rows[2]["of"], rows[2]["counts"]) == (True, "0", False)
    assert (rows[4]["origin"], rows[4]["of"]) == ("warm_start", "other/3")
    assert (rows[5]["stopped_at"], rows[5]["state"]) == (1, "pruned")
    assert [row["state"] for row in rows[6:]] == ["failed", "stopped", "running"]
    assert rows[0]["values"] == [0.5] and rows[0]["run_id"] == "run-0"
    table = result.trials
    assert list(table["broken"][:2]) == ["", "loss<=0.5"]
    assert list(table["params.x"]) == [0.5] * 9 and table["score"][3] == 0.7


def test_a_metric_called_like_a_column(tmp_path: Path) -> None:
    study = plain_study(tmp_path)
    study.end(study.start(), metrics={"score": 0.5, "attempt": 7.0})
    table = _result(study).trials
    assert (table["attempt"][0], table["metrics.attempt"][0]) == (1, 7.0)


def test_the_board_takes_over_what_this_study_ended(tmp_path: Path) -> None:
    rows = board_rows(_result(_study(tmp_path)).results)
    assert [(row.number, row.state) for row in rows] == [
        (0, "finished"), (1, "finished"), (3, "finished"), (5, "pruned"), (6, "failed"),
        (7, "stopped"),
    ]  # fmt: skip
