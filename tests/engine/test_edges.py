"""The edges of the adapters between runners, trials and study, as tables."""

from __future__ import annotations

import pytest
from toy_spaces import PARABOLA

from orchestrator.run.local import run_locally
from orchestrator.study.conductor import MOST_LOSSES
from orchestrator.study.facts import read_facts
from orchestrator.study.messages import Message
from orchestrator.study.queue import enqueue

EPOCH, FINAL = (
    Message("epoch", epoch=1, metrics={"val_acc": 0.5}),
    Message("final", metrics={"val_acc": 0.7}),
)


def only(this):
    (trial,) = this.study.get_trials()
    return read_facts(trial)


@pytest.mark.parametrize(
    ("events", "state", "steps", "counts"),
    [
        pytest.param(["epoch", "final"], "finished", {1: 0.5}, True, id="as it should be"),
        pytest.param(["final"], "finished", {}, True, id="no epoch at all"),
        pytest.param(["epoch", "epoch", "final"], "finished", {1: 0.5}, True, id="step told twice"),
        pytest.param(["epoch", "final", "final"], "finished", {1: 0.5}, True, id="told twice"),
        pytest.param(["final", "epoch"], "finished", {}, True, id="a report after the end"),
        pytest.param(["final", "bug"], "finished", {}, True, id="an error after the end"),
        pytest.param(["bug"], "failed", {}, False, id="failed before the first report"),
        pytest.param(["bug", "final"], "failed", {}, False, id="a result after a failure"),
        pytest.param(["epoch", "lost"], "stopped", {1: 0.5}, False, id="lost"),
        pytest.param(
            ["epoch", "lost", "final"], "stopped", {1: 0.5}, False, id="a lost one's word"
        ),
        pytest.param(
            ["epoch", "released", "released"], "stopped", {1: 0.5}, False, id="released twice"
        ),
        pytest.param(["infeasible"], "pruned", {}, True, id="infeasible"),
        pytest.param(["epoch", "diverged"], "pruned", {1: 0.5}, True, id="diverged"),
        pytest.param(["memory"], "stopped", {}, False, id="out of memory once"),
    ],
)
def test_what_the_study_makes_of_events(toy, events, state, steps, counts):
    this = toy("quadratic", trials=1)
    assignment = this.conductor.next()
    assert assignment is not None
    for event in events:
        if event in ("epoch", "final"):
            this.conductor.heard(assignment.number, EPOCH if event == "epoch" else FINAL)
        elif event == "released":
            this.conductor.released(assignment.number, "stopped by hand")
        else:
            this.conductor.failed(assignment.number, event, "because")
    facts = only(this)
    assert (facts.state, facts.steps, facts.counts) == (state, steps, counts)
    assert this.conductor.running == 0


def test_a_study_that_is_done_starts_nothing(toy):
    this = toy("quadratic", trials=2)
    run_locally(this.conductor)
    before = [read_facts(trial) for trial in this.study.get_trials()]
    this.again()
    assert this.conductor.adopt() == []
    assert (this.conductor.ending(), this.conductor.next()) == ("", None)
    run_locally(this.conductor)
    assert [read_facts(trial) for trial in this.study.get_trials()] == before


@pytest.mark.parametrize(
    ("epochs", "losses", "state"),
    [
        ([0, 0, 0], [1, 2, 2], "failed"),  # the third loss in a row: its own fault
        ([1, 1, 1], [1, 2, 2], "failed"),  # the first epoch again and again is no progress
        ([1, 2, 3], [1, 1, 1], "stopped"),  # an epoch more each time
        ([0, 1, 0], [1, 1, 2], "stopped"),
    ],
)
def test_losses_without_progress_are_counted(toy, epochs, losses, state):
    this = toy("quadratic", trials=1)
    seen = []
    for reached in epochs:
        assignment = this.conductor.next()
        assert assignment is not None
        for epoch in range(1, reached + 1):
            message = Message("epoch", epoch=epoch, metrics={"val_acc": 0.5})
            this.conductor.heard(assignment.number, message)
        this.conductor.failed(assignment.number, "lost", "its worker went away")
        seen.append(only(this).losses)
    assert MOST_LOSSES == 3
    assert (seen, only(this).state) == (losses, state)


def test_an_attempt_that_goes_on_inherits_the_one_before(toy):
    this = toy("quadratic", trials=1)
    first = this.conductor.next()
    this.conductor.failed(first.number, "lost", "its worker went away")
    second = this.conductor.next()
    assert (second.number, second.attempt) == (first.number, 2)
    assert second.inherits == first.folder != second.folder
    assert second.config == first.config


def test_parameters_that_are_left_open_are_drawn(toy):
    this = toy("quadratic", trials=1, space=PARABOLA)
    enqueue(this.study, {}, "try")
    run_locally(this.conductor)
    assert 0 <= only(this).params["dropout"] <= 0.9


@pytest.mark.parametrize(("config", "paced"), [({}, True), ({"tune": "head"}, False)])
def test_epochs_say_how_long_a_trial_lasts_where_they_are_most_of_it(toy, config, paced):
    this = toy("quadratic", trials=1, **config)
    assignment = this.conductor.next()
    assert assignment is not None
    this.conductor.heard(assignment.number, EPOCH)
    (row,) = this.board.snapshot().rows
    assert (row.expected is not None) == paced
