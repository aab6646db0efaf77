"""The engine in one process: what each way a trial can end leaves in the study."""

from __future__ import annotations

import threading
import time

import pytest
from toy_spaces import BATCHES, CHOICES

from orchestrator.run.local import run_locally
from orchestrator.study.budget import Budget
from orchestrator.study.facts import read_facts
from orchestrator.study.reading import read_trials
from search_spaces.errors import UsageError


def test_values_and_intermediate_values_reach_the_study(toy):
    this = toy("quadratic", trials=4)
    run_locally(this.conductor)
    assert this.states() == ["COMPLETE"] * 4
    for trial in this.study.get_trials():
        expected = 1 - (trial.params["dropout"] - 0.3) ** 2
        assert trial.value == pytest.approx(expected)
        assert trial.intermediate_values == pytest.approx(
            {1: expected / 3, 2: expected * 2 / 3, 3: expected}
        )
        assert trial.user_attrs["metrics"]["val_acc"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("batch_size", "state", "said"),
    [
        (16, "PRUNED", "too small for this net"),
        (8, "PRUNED", "loss is"),
        (32, "FAIL", "the file is gone"),
        (64, "FAIL", "ZeroDivisionError: a mistake in the trial's own code (toys.py:"),
        (128, "PRUNED", "val_acc"),
        (256, "FAIL", "without a final report"),
        (1, "COMPLETE", ""),
    ],
)
def test_how_a_trial_ends(toy, batch_size, state, said):
    this = toy("picky", trials=1, space=BATCHES)
    this.study.enqueue_trial({"batch_size": batch_size})
    this.study.enqueue_trial({"batch_size": 1})  # a failed trial does not count: one more follows
    run_locally(this.conductor)
    first = this.study.get_trials()[0]
    assert first.state.name == state
    assert said in read_facts(first).reason
    assert first.values is None or state == "COMPLETE"
    done = [trial for trial in this.study.get_trials() if trial.state.name == "COMPLETE"]
    assert len(done) == (0 if state == "PRUNED" else 1)  # a pruned trial counts as finished


def test_a_bug_leaves_its_traceback(toy):
    this = toy("picky", trials=1, space=BATCHES)
    this.study.enqueue_trial({"batch_size": 64})
    this.study.enqueue_trial({"batch_size": 1})
    run_locally(this.conductor)
    text = (this.spec.folder / "trials" / "00000" / "error.txt").read_text()
    assert "ZeroDivisionError" in text
    assert "toys.py" in text


def test_only_failures_end_the_search(toy):
    this = toy("picky", trials=3, space=BATCHES, fixed={"batch_size": 32})
    run_locally(this.conductor)
    assert this.states() == ["FAIL"] * 10
    assert "10 trials failed" in (this.conductor.ending() or "")


def test_a_fixed_value_is_used_and_not_asked_of_the_sampler(toy):
    again = {"duplicates": "run"}
    this = toy("quadratic", trials=2, fixed={"dropout": 0.3}, spec_fields=again)
    run_locally(this.conductor)
    assert [trial.params for trial in this.study.get_trials()] == [{}, {}]
    assert [trial.value for trial in this.study.get_trials()] == [1.0, 1.0]


def test_a_stop_puts_the_running_trial_back_under_its_own_number(toy):
    this = toy("slow", trials=3)
    threading.Timer(0.35, this.stop.request, ["stopped by hand"]).start()
    run_locally(this.conductor)
    assert this.states() == ["WAITING"]
    (facts,) = [read_facts(trial) for trial in this.study.get_trials()]
    assert (facts.state, facts.reason, facts.attempt) == ("stopped", "stopped by hand", 1)
    assert this.conductor.ending() == "stopped by hand"
    this.again()
    run_locally(this.conductor)
    assert this.states() == ["COMPLETE"] * 3
    went_on = read_facts(this.study.get_trials()[0])
    assert (went_on.number, went_on.attempt, went_on.params) == (0, 2, facts.params)
    assert list(went_on.steps) == [1, 2, 3]
    assert went_on.seconds > facts.seconds


def test_the_time_budget_starts_no_new_trial(toy):
    budget = Budget(50)
    this = toy("slow", trials=50, budget=budget)
    budget.deadline = time.time() + 0.6
    run_locally(this.conductor)
    assert this.states()[:1] == ["COMPLETE"]  # what ran was finished
    assert len(this.states()) < 10
    assert this.conductor.ending() == "the time budget is used up"


def test_a_dead_drivers_trials_go_on(toy):
    this = toy("quadratic", trials=2)
    assert this.conductor.next() is not None
    assert this.states() == ["RUNNING"]
    # The driver dies here: a new session sees a RUNNING trial that nobody runs.
    params = this.study.get_trials()[0].params
    this.again()
    assert this.conductor.adopt() == [0]
    assert this.states() == ["WAITING"]
    assert read_facts(this.study.get_trials()[0]).reason == "its driver died"
    run_locally(this.conductor)
    assert this.states() == ["COMPLETE", "COMPLETE"]
    first = read_facts(this.study.get_trials()[0])
    assert (first.params, first.attempt) == (params, 2)


def test_reading_back_gives_what_was_told(toy):
    this = toy("picky", trials=2, space=BATCHES)
    for batch_size in (16, 32, 1):
        this.study.enqueue_trial({"batch_size": batch_size})
    run_locally(this.conductor)
    rows = read_trials(this.study, {2: "run-2"})
    assert [(row.number, row.state, row.run_id) for row in rows] == [
        (0, "pruned", None),
        (1, "failed", None),
        (2, "finished", "run-2"),
    ]
    assert rows[2].metrics == {"val_acc": 0.9}
    assert all(row.params["batch_size"] in CHOICES for row in rows)


def test_a_trainable_that_is_not_there(toy):
    this = toy("nowhere", trials=1)
    with pytest.raises(UsageError, match=r"package\.module:function"):
        from orchestrator.run.attempt import load_trainable

        load_trainable("toys:nowhere")
    run_locally(this.conductor)
    assert set(this.states()) == {"FAIL"}
