"""When a search ends, as a table on a clock that stands still."""

from __future__ import annotations

import pytest

from orchestrator.study.budget import Budget
from orchestrator.study.spec import ConditionSpec

TARGET = ConditionSpec(metric="val_acc", op=">=", bound=0.9)


@pytest.mark.parametrize(
    ("used", "ending"),
    [
        ({}, None),
        ({"finished": 9}, None),
        ({"finished": 10}, ""),
        ({"finished": 11}, ""),  # more than asked for: another session asked for more
        ({"failures": 2}, None),
        ({"failures": 3}, "3 trials failed in this session; see their reasons"),
        ({"deadline": 101.0}, None),
        ({"deadline": 100.0}, "the time budget is used up"),
        ({"finished": 10, "deadline": 100.0}, "the time budget is used up"),
    ],
)
def test_what_comes_first_ends_it(used, ending):
    budget = Budget(10, failures_allowed=3, clock=lambda: 100.0, **used)
    assert budget.ending() == ending


def test_a_target_ends_it_once_a_trial_holds_it():
    budget = Budget(10, target=TARGET)
    budget.meet(3, {"val_acc": 0.89})
    budget.meet(4, {"other": 1.0})
    budget.meet(5, {"val_acc": float("nan")})
    assert budget.ending() is None
    budget.meet(6, {"val_acc": 0.9})
    budget.meet(7, {"val_acc": 0.99})
    assert budget.ending() == "trial 6 reached the target val_acc>=0.9"
