"""The command that made a study, by hand."""

from __future__ import annotations

import pytest

from orchestrator.study.command import goes_on_by, made_by
from orchestrator.study.spec import StudySpec

COMPARED = {"source": "s", "by": "tune", "arms": {}, "repeats": 5, "tuned": 3}


def spec(**changes: object) -> StudySpec:
    fields = {
        "name": "s", "space": "onecycle", "space_version": 1, "space_question": "?",
        "objectives": [{"metric": "val_acc"}], "trials": 9, "seed": 0, "folder": "/nowhere/s",
        "tracking_uri": "sqlite://", "experiment": "e", "created": 0.0, **changes,
    }  # fmt: skip
    return StudySpec.model_validate(fields)


@pytest.mark.parametrize(
    ("changes", "made", "done"),
    [
        ({}, "orchestrator search onecycle", "orchestrator resume s --add-trials 9"),
        (
            {"name": "s-by-tune", "space": "repeats", "comparison": COMPARED},
            "orchestrator compare s --by tune --repeats 5",
            "orchestrator compare s --by tune --repeats 10",
        ),
        (
            {"name": "other", "space": "repeats", "comparison": COMPARED},
            "orchestrator compare s --by tune --repeats 5 --name other",
            "orchestrator compare s --by tune --repeats 10 --name other",
        ),
        (
            {"name": "reference_B_full", "space": "reference_B_full"},
            "orchestrator reproduce B --budget full",
            "orchestrator reproduce B --budget full",
        ),
        (
            {"name": "mine", "space": "reference_B_small"},
            "orchestrator reproduce B --budget small --study mine",
            "orchestrator reproduce B --budget small --study mine",
        ),
    ],
)
def test_what_a_person_types(changes: dict[str, object], made: str, done: str) -> None:
    assert (made_by(spec(**changes)), goes_on_by(spec(**changes), done=True)) == (made, done)
