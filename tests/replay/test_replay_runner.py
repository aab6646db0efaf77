"""The fake-clock runner: who reports when, worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from orchestrator.run.replay import Heard, Recorded, Step, replay, replay_spec, replayed_study
from orchestrator.study.messages import Assignment, Message
from search_spaces.space import Params, Space, SpaceContext, TrialLike

LENGTHS = {0: 3, 1: 1, 2: 2, 3: 1}  # epochs of a trial, by its number
VALUES = {0: 0.9, 1: 0.1, 2: 0.5, 3: 0.7}


def _suggest(trial: TrialLike, context: SpaceContext) -> Params:
    return {"x": trial.suggest_float("x", 0.0, 1.0)}


SPACE = Space("replayed", "Who reports when?", _suggest)


def _played(assignment: Assignment) -> Iterator[Step]:
    metrics = {"val_acc": VALUES[assignment.number]}
    return Recorded([metrics] * LENGTHS[assignment.number]).steps(assignment)


def _replay(workers: int = 1, trials: int = 4, most_work: float = 1e9, **fields: object):
    spec = replay_spec("toy", SPACE, trials=trials, seed=0, base_config={"epochs": 4}, **fields)
    study = replayed_study(spec, SPACE)
    return study, list(replay(study, spec, SPACE, _played, workers=workers, most_work=most_work))


def _rows(heard: list[Heard]) -> list[tuple[float, float, int, str, int]]:
    return [
        (h.seconds, h.work, h.assignment.number, h.message.kind, h.message.epoch) for h in heard
    ]


def test_two_workers_report_in_the_order_of_the_clock() -> None:
    _, heard = _replay(workers=2)
    assert _rows(heard) == [
        # seconds, work, trial; trial 1 is over at 1, so trial 2 takes its worker from 1 to 3
        (1, 1, 0, "epoch", 1),
        (1, 2, 1, "epoch", 1),
        (1, 2, 1, "final", 0),
        (2, 3, 0, "epoch", 2),
        (2, 4, 2, "epoch", 1),
        (3, 5, 0, "epoch", 3),
        (3, 6, 2, "epoch", 2),
        (3, 6, 0, "final", 0),
        (3, 6, 2, "final", 0),
        (4, 7, 3, "epoch", 1),
        (4, 7, 3, "final", 0),
    ]


def test_one_worker_runs_trials_one_after_the_other() -> None:
    study, heard = _replay(workers=1)
    finals = [(h.seconds, h.assignment.number) for h in heard if h.message.kind == "final"]
    assert finals == [(3, 0), (4, 1), (6, 2), (7, 3)]
    assert [trial.value for trial in study.get_trials()] == [0.9, 0.1, 0.5, 0.7]
    ended = [trial.user_attrs["end"]["ended"] for trial in study.get_trials()]
    assert ended == [3, 4, 6, 7]  # the study's times are the fake clock's


def test_a_budget_of_work_ends_it() -> None:
    _, heard = _replay(workers=2, most_work=4)
    assert _rows(heard)[-1] == (2, 4, 2, "epoch", 1)


def test_a_stopped_trial_frees_its_worker_at_once() -> None:
    gate = {"metric": "val_acc", "direction": "maximize"}
    pruner = {"name": "asha", "options": {"first_rung": 1, "reduction": 2}}
    study, heard = _replay(gate=gate, pruner=pruner, fidelity="epochs", exempt_share=0.0)
    # Trial 1 (0.1) and then 2 (0.5) are not the best half of those seen at the first rung.
    stopped = [(h.seconds, h.assignment.number) for h in heard if h.stopped is not None]
    assert stopped == [(4, 1), (5, 2)]
    states = [trial.state.name for trial in study.get_trials()]
    assert states == ["COMPLETE", "PRUNED", "PRUNED", "COMPLETE"]


def test_whole_short_runs_are_paid_for() -> None:
    recorded = Recorded([{"val_acc": e / 10} for e in (1, 2, 3, 4)], {1: {"val_acc": 0.3}})
    assignment = Assignment(0, "", {"epochs": 4}, "", "", rungs=(1,))
    steps = [(s.seconds, s.message.kind, s.message.metrics) for s in recorded.steps(assignment)]
    assert steps == [
        (1, "epoch", {"val_acc": 0.3}),
        (4, "epoch", {"val_acc": 0.4}),
        (0, "final", {"val_acc": 0.4}),
    ]


def test_steps_without_an_end_are_a_mistake() -> None:
    spec = replay_spec("toy", SPACE, trials=1, seed=0)
    study = replayed_study(spec, SPACE)

    def endless(assignment: Assignment) -> Iterator[Step]:
        yield Step(1, Message("epoch", epoch=1, metrics={"val_acc": 0.5}))

    with pytest.raises(ValueError, match="trial 0 ended without a final"):
        list(replay(study, spec, SPACE, endless))
