"""Samplers held against scipy, itertools and Optuna's own."""

from __future__ import annotations

import itertools
import math

import numpy as np
import optuna
import pytest
from optuna.samplers import TPESampler
from optuna.trial import TrialState
from scipy.stats import qmc
from search_parts import TOYS, Toy, answer, open_study

from orchestrator.study.queue import enqueue
from orchestrator.study.samplers import SAMPLERS, SamplerNeeds, exhausted, make_sampler
from orchestrator.study.samplers.grid import point, points

NEEDS = SamplerNeeds(seed=5, trials=40)


@pytest.mark.parametrize("objectives", [1, 2])
@pytest.mark.parametrize("toy", ["mixed", "branching", "choices"])
def test_tpe_draws_what_optunas_tpe_draws(toy: str, objectives: int) -> None:
    """From 30 trials, among them pruned, failed and running ones; with the same random numbers."""
    study = optuna.create_study(
        sampler=optuna.samplers.RandomSampler(seed=1), directions=["minimize"] * objectives
    )
    for number in range(30):
        trial = study.ask()
        params = TOYS[toy].suggest(trial)
        if number % 7 == 3:
            study.tell(trial, state=TrialState.PRUNED)
        elif number % 11 != 5 and number < 28:
            study.tell(trial, answer(params, objectives))
    trial = study.ask()
    frozen = study.get_trials()[trial.number]
    needs = SamplerNeeds(seed=5, stream="draw 30", objectives=objectives)
    for _ in range(2):  # the second time from what it remembers
        theirs = TPESampler(seed=needs.draw_seed)
        ours = SAMPLERS.get("tpe").make(needs)
        space = theirs.infer_relative_search_space(study, frozen)
        assert ours.infer_relative_search_space(study, frozen) == space
        assert bool(space) == (objectives == 1)
        drawn = ours.sample_relative(study, frozen, space)
        assert drawn == theirs.sample_relative(study, frozen, space)
        for name, range_ in study.trials[0].distributions.items():
            draw = ours.sample_independent(study, frozen, name, range_)
            assert draw == theirs.sample_independent(study, frozen, name, range_)


def test_qmc_is_scipys_sobol_sequence() -> None:
    """Point i of the scrambled sequence for draw i, on the log scale where there is one."""
    needs = SamplerNeeds(seed=5)
    toy = Toy(
        lambda trial: {
            "lr": trial.suggest_float("lr", 1e-4, 1, log=True),
            "x": trial.suggest_float("x", -1, 3),
        },
        {},
    )
    study = open_study(optuna.storages.InMemoryStorage(), "qmc", needs)
    drawn = []
    for _ in range(16):
        trial = study.ask()
        drawn.append(toy.suggest(trial))
        study.tell(trial, 0.0)
    unit = qmc.Sobol(2, scramble=True, seed=needs.steady_seed).random(16)
    for params, (u, v) in list(zip(drawn, unit, strict=True))[1:]:
        assert math.log10(params["lr"]) == pytest.approx(-4 + 4 * u)
        assert params["x"] == pytest.approx(-1 + 4 * v)


def test_a_grid_is_every_combination_once_and_then_says_so() -> None:
    grid = {"b": (1, 2, 3), "a": ("x", "y")}
    study = open_study(optuna.storages.InMemoryStorage(), "grid", SamplerNeeds(seed=0, grid=grid))
    enqueue(study, {"a": "x", "b": 1}, "baseline")
    drawn = []
    while exhausted(study) is None:
        trial = study.ask()
        params = {
            "a": trial.suggest_categorical("a", ["x", "y"]),
            "b": trial.suggest_int("b", 1, 3),
        }
        if trial.number > 0:
            drawn.append((params["a"], params["b"]))
        if trial.number == 2:  # a point that failed has been tried
            study.tell(trial, state=TrialState.FAIL)
        elif trial.number != 3:  # so has one that still runs
            study.tell(trial, 0.0)
    assert sorted(drawn) == sorted(itertools.product("xy", (1, 2, 3)))
    assert exhausted(study) == "all 6 points of the grid have been tried"


def test_points_of_a_grid_are_counted_as_itertools_does() -> None:
    grid = {"a": (1, 2), "b": ("x", "y", "z"), "c": (0.5,)}
    needs = SamplerNeeds(seed=0, grid=grid)
    wanted = [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]
    assert points(needs) == len(wanted) == 6
    assert [point(grid, number) for number in range(6)] == wanted


def test_only_a_grid_runs_out() -> None:
    for name in ("tpe", "random", "qmc"):
        study = open_study(optuna.storages.InMemoryStorage(), name, NEEDS)
        assert exhausted(study) is None
    assert exhausted(optuna.create_study()) is None


def test_random_search_is_uniform() -> None:
    """Each draw has a stream of its own: together they must still be uniform. The bounds are 4.5
    standard errors of 2,000 draws: one run in 150,000 leaves one of them by chance."""
    sampler = make_sampler("random", NEEDS)
    study = optuna.create_study(sampler=sampler)
    drawn = []
    for _ in range(2000):
        trial = study.ask()
        drawn.append((trial.suggest_float("u", 0, 1), trial.suggest_float("v", 0, 1)))
    values_N2 = np.array(drawn)
    error = 4.5 / math.sqrt(2000)
    assert np.abs(values_N2.mean(axis=0) - 0.5).max() < error * math.sqrt(1 / 12)
    assert abs(np.corrcoef(values_N2.T)[0, 1]) < error  # parameter against parameter
    assert abs(np.corrcoef(values_N2[:-1, 0], values_N2[1:, 0])[0, 1]) < error  # draw after draw
