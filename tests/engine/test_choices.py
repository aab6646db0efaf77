"""What the conductor does with known configs, exempt trials, gates, points and budgets."""

from __future__ import annotations

import math

import optuna
import pytest
from toy_spaces import BATCHES, PAIR, PARABOLA

from orchestrator.run.local import run_locally
from orchestrator.study.facts import read_facts
from orchestrator.study.filling import fill
from orchestrator.study.queue import enqueue, retry_failed
from orchestrator.study.spec import ConditionSpec, ObjectiveSpec, PrunerSpec
from orchestrator.study.warm_start import warm_start
from search_spaces.space import SpaceContext


def facts_of(this):
    return [read_facts(trial) for trial in this.study.get_trials()]


def point(this, *values, name="batch_size"):
    for value in values:
        enqueue(this.study, {name: value}, "try")


def test_a_known_config_is_answered_from_the_study(toy):
    this = toy("picky", trials=2, space=BATCHES)
    point(this, 1, 1, 2)
    run_locally(this.conductor)
    first, repeat, second = facts_of(this)
    assert [first.state, repeat.state, second.state] == ["finished"] * 3
    assert (repeat.repeat, repeat.of, repeat.metrics) == (True, "0", first.metrics)
    assert [facts.counts for facts in (first, repeat, second)] == [True, False, True]
    assert not (this.spec.folder / "trials" / "00001").exists()


def test_a_known_config_is_given_another_seed(toy):
    this = toy("picky", trials=2, space=BATCHES, spec_fields={"duplicates": "reseed"})
    point(this, 1, 1)
    run_locally(this.conductor)
    assert [facts.config["seed"] for facts in facts_of(this)] == [0, 1]
    assert all(facts.counts for facts in facts_of(this))


def test_a_known_config_is_run_again_where_that_is_wanted(toy):
    this = toy("picky", trials=2, space=BATCHES, spec_fields={"duplicates": "run"})
    point(this, 1, 1)
    run_locally(this.conductor)
    assert [facts.repeat for facts in facts_of(this)] == [False, False]


def test_a_space_with_nothing_new_ends_the_search(toy):
    this = toy("picky", trials=50, space=PAIR)
    run_locally(this.conductor)
    assert sum(facts.counts for facts in facts_of(this)) == 2
    assert "hardly any other" in this.conductor.ending()


class Stubborn(optuna.samplers.BaseSampler):
    """Draws the same point for ever."""

    def infer_relative_search_space(self, study, trial):
        return {}

    def sample_relative(self, study, trial, search_space):
        return {}

    def sample_independent(self, study, trial, param_name, param_distribution):
        return param_distribution.choices[0]


def test_a_sampler_that_comes_back_to_one_point_gives_way_to_chance(toy):
    this = toy("picky", trials=2, space=PAIR)
    this.study.sampler = Stubborn()
    run_locally(this.conductor)
    first, *repeats, second = facts_of(this)
    assert (first.params, second.params) == ({"batch_size": 1}, {"batch_size": 2})
    assert len(repeats) >= 3 and all(facts.repeat for facts in repeats)


def test_a_search_with_nothing_to_vary_is_one_trial(toy):
    this = toy("picky", trials=3, space=BATCHES, fixed={"batch_size": 1})
    run_locally(this.conductor)
    assert [facts.repeat for facts in facts_of(this)] == [False, True]
    assert "every parameter is fixed" in this.conductor.ending()


ASHA = {"pruner": PrunerSpec(name="asha", options={"first_rung": 1, "reduction": 2})}
GATED = {
    **ASHA,
    "gate": ObjectiveSpec(metric="val_acc"),
    "fidelity": "epochs",
    "exempt_share": 0.0,
}


def test_a_worse_trial_is_stopped_at_the_first_rung_and_told_so(toy):
    """`quadratic` gives a third of 1 - (dropout - 0.3)^2 after its first epoch."""
    this = toy("quadratic", trials=3, spec_fields=GATED)
    point(this, 0.3, 0.9, 0.31, name="dropout")
    run_locally(this.conductor)
    assert this.states() == ["COMPLETE", "PRUNED", "PRUNED"]
    stopped = facts_of(this)[1]
    assert stopped.stopped_at == 1
    assert stopped.steps == {1: pytest.approx((1 - 0.6**2) / 3)}
    assert "stopped early at epoch 1" in stopped.reason
    assert this.study.get_trials()[1].value == pytest.approx((1 - 0.6**2) / 3)


def test_an_exempt_trial_runs_to_its_end_and_the_word_is_kept(toy):
    this = toy("quadratic", trials=2, spec_fields={**GATED, "exempt_share": 1.0})
    point(this, 0.3, 0.9, name="dropout")
    run_locally(this.conductor)
    assert this.states() == ["COMPLETE", "COMPLETE"]
    assert [facts.stopped_at for facts in facts_of(this)] == [None, 1]
    assert list(facts_of(this)[1].steps) == [1, 2, 3]


def test_whole_short_runs_are_compared_where_the_space_says_so(toy):
    """Rungs 1 and 2 of 4 epochs: each run is whole, so its value is that of a finished one."""
    this = toy("quadratic", trials=2, spec_fields={**GATED, "fidelity": "runs"}, epochs=4)
    point(this, 0.3, 0.9, name="dropout")
    run_locally(this.conductor)
    assert this.states() == ["COMPLETE", "PRUNED"]
    best, stopped = facts_of(this)
    assert best.steps == {1: 1.0, 2: 1.0, 4: 1.0}
    assert stopped.steps == {1: pytest.approx(1 - 0.6**2)}


TWO = {
    "objectives": (
        ObjectiveSpec(metric="val_acc"),
        ObjectiveSpec(metric="cost", direction="minimize"),
    ),
    "constraints": (ConditionSpec(metric="cost", op="<=", bound=0.5),),
}


def test_several_objectives_and_constraints_reach_the_study(toy):
    this = toy("costly", trials=2, spec_fields=TWO)
    point(this, 0.3, 0.8, name="dropout")
    run_locally(this.conductor)
    assert [trial.values for trial in this.study.get_trials()] == [[1.0, 0.3], [0.75, 0.8]]
    assert [trial.constraints for trial in this.study.get_trials()] == [
        {"cost<=0.5": pytest.approx(-0.2)},
        {"cost<=0.5": pytest.approx(0.3)},
    ]


def test_several_objectives_are_gated_by_one(toy):
    """More trials than TPE's ten random ones: it must take the pruned among them."""
    this = toy("costly", trials=14, spec_fields={**TWO, **GATED})
    this.study.sampler = optuna.samplers.TPESampler(seed=0)
    run_locally(this.conductor)
    states = this.states()
    assert len(states) == 14 and set(states) == {"COMPLETE", "PRUNED"}
    pruned = next(facts for facts in facts_of(this) if facts.state == "pruned")
    assert list(pruned.steps) == [pruned.stopped_at] == [1]


def test_a_missing_metric_is_named_with_those_there_are(toy):
    fields = {"objectives": (ObjectiveSpec(metric="reward"),)}
    this = toy("quadratic", trials=1, spec_fields={**fields, "max_failures": 1})
    run_locally(this.conductor)
    (facts,) = facts_of(this)
    assert facts.state == "failed"
    assert "no finite value of reward; it gave process, val_acc" in facts.reason


def test_a_target_ends_the_search(toy):
    target = ConditionSpec(metric="val_acc", op=">=", bound=0.9)
    this = toy("quadratic", trials=50, spec_fields={"target": target})
    run_locally(this.conductor)
    *before, last = facts_of(this)
    assert last.metrics["val_acc"] >= 0.9
    assert all(facts.metrics["val_acc"] < 0.9 for facts in before)
    assert this.conductor.ending() == f"trial {last.number} reached the target val_acc>=0.9"


def test_failed_trials_are_run_again_when_asked(toy):
    this = toy("picky", trials=1, space=BATCHES, spec_fields={"max_failures": 1})
    point(this, 64)
    run_locally(this.conductor)
    assert this.states() == ["FAIL"]
    assert retry_failed(this.study) == 1
    assert retry_failed(this.study) == 0  # it waits already
    assert read_facts(this.study.get_trials()[1]).of == "0"


def test_out_of_memory_is_tried_once_more_with_half_a_batch(toy):
    this = toy("hungry", trials=2)
    run_locally(this.conductor)
    first, second = facts_of(this)
    assert first.state == second.state == "finished"
    assert [facts.metrics["accumulation"] for facts in (first, second)] == [2, 2]
    this = toy("starving", trials=1, name="starving")
    run_locally(this.conductor)
    (facts,) = facts_of(this)
    assert (facts.state, facts.attempt) == ("pruned", 2)
    assert "memory" in facts.reason


def test_a_warm_start_teaches_and_does_not_count(toy):
    other = toy("quadratic", trials=3)
    point(other, 0.1, 0.3, 0.5, name="dropout")
    run_locally(other.conductor)
    this = toy("quadratic", trials=2, name="warm", spec_fields={"warm_start": ("toy",)})
    fill(this.study, this.spec, PARABOLA, SpaceContext())
    fill(this.study, this.spec, PARABOLA, SpaceContext())  # once only
    assert [facts.of for facts in facts_of(this)] == ["toy/0", "toy/1", "toy/2"]
    assert this.study.best_params == {"dropout": 0.3}
    run_locally(this.conductor)
    assert [facts.counts for facts in facts_of(this)] == [False] * 3 + [True] * 2


def test_a_warm_start_leaves_out_what_this_space_does_not_hold(toy):
    other = toy("picky", trials=2, space=BATCHES)
    point(other, 1, 2)
    run_locally(other.conductor)
    this = toy("picky", trials=1, name="narrow", space=BATCHES, fixed={"batch_size": 2})
    assert warm_start(this.study, other.study, this.spec, BATCHES, SpaceContext()) == (1, 2)
    (facts,) = facts_of(this)
    assert facts.of == "toy/1"
    assert math.isclose(facts.values[0], 0.9)
