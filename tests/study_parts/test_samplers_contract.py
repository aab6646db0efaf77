"""Every sampler goes through the same suite, on every space and storage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState
from search_parts import TOYS, Open, answer, constraints, open_study, search, storages

from orchestrator.study.queue import enqueue
from orchestrator.study.samplers import SAMPLERS, SamplerNeeds
from orchestrator.study.store import open_storage

NAMES = [name for name in SAMPLERS if name != "auto"]
FAST = [name for name in NAMES if name != "gp"]  # its draws take 0.2 s each
SEVERAL = [name for name in NAMES if name not in ("cmaes", "gp")]
DATABASES = {
    "sqlite": [pytest.mark.slow],
    "postgresql": [pytest.mark.slow, pytest.mark.needs("postgresql")],
}
TRIALS = 14

FIRST: dict[str, dict[str, Any]] = {  # a baseline that names some of the parameters only
    "mixed": {"x": 0.5, "depth": 3},
    "one": {"lr": 0.1},
    "pair": {"lr": 1.25},
    "choices": {"a": 4},
    "branching": {"x": 0.1, "head": "deep"},
}

# By trials that have ended: how the trial is put back, and after how many parameters its driver
# died. 0 and 1 are baselines; 10 is TPE's and GP's first draw of their own, 8 and 9 are at
# the start of NSGA's second generation.
KILLS = {
    0: ("waiting", 99),
    1: ("successor", 1),
    3: ("waiting", 1),
    5: ("successor", 99),
    8: ("waiting", 0),
    9: ("successor", 1),
    10: ("waiting", 2),
    12: ("successor", 2),
}


@pytest.fixture(
    params=["memory", *(pytest.param(name, marks=marks) for name, marks in DATABASES.items())]
)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    if request.param != "postgresql":
        yield storages(tmp_path)[request.param]
        return
    uri = request.getfixturevalue("postgresql")
    yield lambda: open_storage(uri)
    optuna.delete_study(study_name="toy", storage=open_storage(uri))


def needs_of(name: str, toy: str, *, objectives: int | None = None, seed: int = 3) -> SamplerNeeds:
    fewest = SAMPLERS.get(name).objectives[0]
    grid = TOYS[toy].grid if name == "grid" else None
    return SamplerNeeds(seed=seed, objectives=objectives or fewest, trials=TRIALS, grid=grid)


def in_range(params: dict[str, Any]) -> bool:
    return all(
        [
            -1 <= params.get("x", 0) <= 1,
            1e-5 <= params.get("lr", 1) <= 10,
            params.get("depth", 1) in range(1, 41),
            params.get("width", 8) in range(8, 513),
            params.get("kind", "a") in ("a", "b", "c"),
            0 <= params.get("dropout", 0) <= 0.5,
            ("dropout" in params) == (params.get("head") == "deep"),
        ]
    )


@pytest.mark.parametrize(
    ("opened", "toy"),
    [
        *(("memory", toy) for toy in TOYS),
        *(pytest.param(name, "branching", marks=marks) for name, marks in DATABASES.items()),
    ],
    indirect=["opened"],
)
@pytest.mark.parametrize("name", FAST)
def test_a_search_with_kills_is_the_search_without(
    name: str, toy: str, opened: Open, tmp_path: Path
) -> None:
    needs, first = needs_of(name, toy), (FIRST[toy], {})
    found = [
        search(where, name, TOYS[toy], needs, trials=TRIALS, first=first, kills=kills)
        for where, kills in ((storages(tmp_path)["memory"], {}), (opened, KILLS))
    ]
    assert found[0] == found[1]
    assert all(in_range(params) for params in found[0])


@pytest.mark.parametrize("name", ["tpe", "cmaes", "nsga2"])  # those with notes in the database
def test_so_it_is_on_sqlite(name: str, tmp_path: Path) -> None:
    needs, known = needs_of(name, "branching"), storages(tmp_path)
    kills = {key: KILLS[key] for key in (9, 12)}
    straight = search(known["memory"], name, TOYS["branching"], needs, trials=TRIALS)
    cut = search(known["sqlite"], name, TOYS["branching"], needs, trials=TRIALS, kills=kills)
    assert cut == straight


@pytest.mark.parametrize(
    ("toy", "trials"),
    [
        ("pair", 12),
        *(pytest.param(toy, 14, marks=pytest.mark.slow) for toy in ("mixed", "choices")),
    ],
)
def test_so_it_is_with_gp(toy: str, trials: int, tmp_path: Path) -> None:
    needs = needs_of("gp", toy)
    found = [
        search(storages(tmp_path)["memory"], "gp", TOYS[toy], needs, trials=trials, kills=kills)
        for kills in ({}, {key: KILLS[key] for key in (5, 9)} | {10: ("waiting", 1)})
    ]
    assert found[0] == found[1]
    assert all(in_range(params) for params in found[0])


@pytest.mark.parametrize("name", SEVERAL)
def test_so_it_is_with_several_objectives_and_constraints(name: str, tmp_path: Path) -> None:
    needs = replace(needs_of(name, "branching", objectives=2), constrained=True)
    found = [
        search(storages(tmp_path)["memory"], name, TOYS["branching"], needs, trials=20, kills=kills)
        for kills in ({}, KILLS)
    ]
    assert found[0] == found[1]


@pytest.mark.parametrize("name", FAST)
def test_another_seed_is_another_search(name: str, tmp_path: Path) -> None:
    found = [
        search(
            storages(tmp_path)["memory"],
            name,
            TOYS["mixed"],
            needs_of(name, "mixed", seed=seed),
            trials=TRIALS,
        )
        for seed in (1, 2)
    ]
    assert found[0] != found[1]


@pytest.mark.parametrize("name", FAST)
def test_four_trials_at_a_time_on_two_drivers_are_different(name: str, opened: Open) -> None:
    """Also in the draws that the sampler makes from what it has learnt."""
    needs, toy = needs_of(name, "mixed"), TOYS["mixed"]
    drivers = [open_study(opened(), name, needs) for _ in range(2)]
    for _ in range(6):
        trials = [driver.ask() for driver in drivers for _ in range(2)]
        points = [toy.suggest(trial) for trial in trials]
        assert len({tuple(sorted(params.items())) for params in points}) == 4
        for trial, params in zip(trials, points, strict=True):
            trial.study.tell(trial, answer(params, needs.objectives))


@pytest.mark.parametrize("name", FAST)
def test_trials_that_ended_otherwise_do_no_harm(name: str, opened: Open) -> None:
    needs, toy = needs_of(name, "branching"), TOYS["branching"]
    study = open_study(opened(), name, needs)
    for number in range(24):
        trial = study.ask()
        params = toy.suggest(trial)
        if number % 4 == 1:
            study.tell(trial, state=TrialState.FAIL)
        elif number % 4 == 2:  # infeasible
            study.tell(trial, state=TrialState.PRUNED)
        elif number % 4 == 3 and needs.objectives == 1:  # stopped early
            trial.report(answer(params, 1)[0], 1)
            study.tell(trial, state=TrialState.PRUNED)
        else:
            study.tell(trial, answer(params, needs.objectives))
    assert all(in_range(trial.params) for trial in study.trials)


@pytest.mark.parametrize("name", FAST)
def test_what_an_enqueued_point_leaves_out_is_drawn(name: str, opened: Open) -> None:
    needs, toy = needs_of(name, "mixed"), TOYS["mixed"]
    study = open_study(opened(), name, needs)
    enqueue(study, {"lr": 0.25, "kind": "c"}, "try")
    params = toy.suggest(study.ask())
    assert (params["lr"], params["kind"]) == (0.25, "c")
    assert in_range(params)


@pytest.mark.parametrize("name", [name for name in FAST if SAMPLERS.get(name).constraints])
def test_constraints_are_taken(name: str, opened: Open) -> None:
    needs = replace(needs_of(name, "mixed"), constrained=True)
    study = open_study(opened(), name, needs)
    for _ in range(TRIALS):
        trial = study.ask()
        params = TOYS["mixed"].suggest(trial)
        for key, value in constraints(params, needs):
            trial.set_constraint(key, value)
        study.tell(trial, answer(params, needs.objectives))
    assert all(trial.constraints for trial in study.trials)
