"""Samplers held against scipy, itertools and Optuna's own."""

from __future__ import annotations

import itertools
import math

import numpy as np
import optuna
import pytest
from optuna.samplers import TPESampler
from optuna.trial import FrozenTrial, TrialState
from scipy.stats import qmc
from search_parts import TOYS, Toy, answer, open_study

from orchestrator.study.queue import enqueue
from orchestrator.study.samplers import SAMPLERS, SamplerNeeds, exhausted, make_sampler
from orchestrator.study.samplers.grid import point, points
from orchestrator.study.samplers.tpe import thinned

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


def ended(number: int, state: TrialState) -> FrozenTrial:
    trial = optuna.create_trial(state=state, value=0.0 if state == TrialState.COMPLETE else None)
    trial.number = number
    return trial


@pytest.mark.parametrize(
    ("states", "most", "kept"),
    [
        ("CCCCC", 5, [0, 1, 2, 3, 4]),
        ("CCCCC", 3, [0, 2, 4]),
        ("CCPCCRR", 3, [0, 2, 4, 5, 6]),  # what runs is always looked at
        ("CRCCCCCCCRCC", 4, [0, 1, 4, 7, 9, 11]),  # ended 0 2 3 4 5 6 7 8 10 11: rows 0 3 6 9
    ],
)
def test_bad_trials_are_thinned_evenly(states: str, most: int, kept: list[int]) -> None:
    names = {"C": TrialState.COMPLETE, "P": TrialState.PRUNED, "R": TrialState.RUNNING}
    trials = [ended(number, names[letter]) for number, letter in enumerate(states)]
    assert [trial.number for trial in thinned(trials, most)] == kept


def test_tpe_with_thousands_of_trials_draws_where_optunas_does() -> None:
    """A bowl with its bottom at (0.3, 0.7), 2,000 points at random: mean distance of 40 draws."""
    study = optuna.create_study()
    range_ = optuna.distributions.FloatDistribution(0, 1)
    rng = np.random.default_rng(0)
    for x, y in rng.random((2000, 2)):
        at = {"x": x, "y": y}
        value = (x - 0.3) ** 2 + (y - 0.7) ** 2
        study.add_trial(
            optuna.create_trial(params=at, distributions=dict.fromkeys(at, range_), value=value)
        )
    asked = study.ask()
    frozen = study.get_trials()[asked.number]
    far: dict[str, list[float]] = {"ours": [], "theirs": []}
    known: dict = {}
    for seed in range(40):
        for whose, sampler in (
            ("ours", SAMPLERS.get("tpe").make(SamplerNeeds(seed=seed, known=known))),
            ("theirs", TPESampler(seed=seed)),
        ):
            drawn = sampler.sample_relative(study, frozen, {"x": range_, "y": range_})
            far[whose].append(math.hypot(drawn["x"] - 0.3, drawn["y"] - 0.7))
    assert np.mean(far["theirs"]) < 0.1  # where a random point is 0.46 away
    assert np.mean(far["ours"]) < 1.2 * np.mean(far["theirs"])


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
