"""Which trial stands where in a study that was interrupted, as tables."""

from __future__ import annotations

from typing import Any

import pytest
from optuna.trial import FrozenTrial, TrialState, create_trial

from orchestrator.study.succession import Succession


def trials(*origins: str) -> list[FrozenTrial]:
    """Trials by number. `drawn`; `enqueued`; `warm` of another study; `for N` stands for trial N
    as its successor; `again N` runs a failed one again; `repeat N` is answered from it."""
    found = []
    for number, text in enumerate(origins):
        kind, _, of = text.partition(" ")
        system: dict[str, Any] = {} if kind in ("drawn", "warm", "repeat") else {"fixed_params": {}}
        names = {"for": "successor", "again": "retry", "enqueued": "baseline", "warm": "warm_start"}
        user = {"origin": {"kind": names[kind], "of": of}} if kind in names else {}
        made = create_trial(state=TrialState.FAIL, system_attrs=system, user_attrs=user)
        made.number = number
        found.append(made)
    return found


@pytest.mark.parametrize(
    ("origins", "standing", "draws"),
    [
        (["drawn", "drawn"], [0, 1], [0, 1]),
        (["enqueued", "drawn", "drawn"], [0, 1, 2], [None, 0, 1]),
        (["drawn", "drawn", "for 0", "drawn"], [2, 1, 3], [0, 1, 0, 2]),
        (["drawn", "for 0", "for 1", "drawn"], [2, 3], [0, 0, 0, 1]),
        (["enqueued", "for 0", "drawn"], [1, 2], [None, None, 0]),
        (["drawn", "again 0", "drawn"], [1, 2], [0, 0, 1]),
        (["warm", "drawn"], [0, 1], [None, 0]),
        (["drawn", "repeat 0", "drawn"], [0, 1, 2], [0, 1, 2]),  # it was drawn, all the same
        (["drawn", "for 7"], [0, 1], [0, None]),  # names no trial: stands for itself
    ],
)
@pytest.mark.parametrize("one_by_one", [True, False])
def test_places_and_draws(
    origins: list[str], standing: list[int], draws: list[int | None], one_by_one: bool
) -> None:
    all_of_them = trials(*origins)
    succession = Succession()
    for count in range(1, len(origins) + 1) if one_by_one else [len(origins)]:
        shown = succession.shown(all_of_them[:count])
    assert succession.standing() == standing
    assert [succession.draw(number) for number in range(len(origins))] == draws
    assert [trial.number for trial in shown] == list(range(len(standing)))
    assert [trial._trial_id for trial in shown] == [all_of_them[n]._trial_id for n in standing]


def test_what_is_shown_is_no_copy_where_nothing_was_interrupted() -> None:
    all_of_them = trials("drawn", "enqueued", "drawn")
    shown = Succession().shown(all_of_them)
    assert all(trial is seen for trial, seen in zip(all_of_them, shown, strict=True))


def test_the_study_is_left_as_it_is() -> None:
    all_of_them = trials("drawn", "drawn", "for 0")
    succession = Succession()
    first, second = succession.shown(all_of_them), succession.shown(all_of_them)
    assert [trial.number for trial in all_of_them] == [0, 1, 2]
    assert first[0] is second[0]  # a finished trial is copied once
