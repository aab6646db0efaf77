"""Every store goes through the same suite: what a study keeps there, and what it refuses."""

from __future__ import annotations

import threading
import time
from typing import Any

import optuna
import pytest
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import TrialState
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from orchestrator.board import Board
from orchestrator.run.replay import replay_spec
from orchestrator.stop import StopRequest
from orchestrator.study import store
from orchestrator.study.claims import is_shared, turn, turn_at
from orchestrator.study.conductor import Conductor
from orchestrator.study.context import study_context
from orchestrator.study.facts import read_facts
from orchestrator.study.filling import fill
from orchestrator.study.messages import Message
from orchestrator.study.sampling import sampler_of, stopper_of
from orchestrator.study.spec import StudySpec
from orchestrator.study.store import (
    NameTaken,
    create_study,
    is_made,
    load_study,
    newest_study,
    open_storage,
    read_spec,
    study_names,
)
from search_spaces.errors import UnavailableError, UnknownNameError
from search_spaces.space import Params, Space, SpaceContext, TrialLike

ODD = "caf\u00e9 \U0001f40d 100 %s 'quoted' \"twice\" \\ back\nline\x00nul; DROP TABLE trials; --"


def _suggest(trial: TrialLike, context: SpaceContext) -> Params:
    del context
    return {
        "lr": trial.suggest_float("lr", 1e-12, 1.0, log=True),
        "many": trial.suggest_int("many", 1, 10**12),
        "kind": trial.suggest_categorical("kind", ["a", ODD, True, None, 0.1]),
    }


SPACE = Space(
    "odd",
    ODD,
    _suggest,
    baselines=lambda _: [{"lr": 0.1 + 0.2, "many": 10**12 - 1, "kind": ODD}],
)


def spec_of(name: str, **fields: Any) -> StudySpec:
    spec = replay_spec(name, SPACE, trials=4, seed=0, base_config={"epochs": 9}, **fields)
    return spec.model_copy(update={"created": float(len(name))})


def test_a_spec_comes_back_as_it_was(store_uri: str) -> None:
    spec = spec_of("caf\u00e9 1", fixed={"note": ODD}, constraints=[
        {"metric": "robust_acc", "op": ">=", "bound": 0.1 + 0.2}
    ])  # fmt: skip
    create_study(open_storage(store_uri), spec)
    assert read_spec(load_study(open_storage(store_uri), spec.name)) == spec


def test_names(store_uri: str) -> None:
    storage = open_storage(store_uri)
    for name in ("first one", "b", "the newest"):  # `created` is the length of the name
        create_study(storage, spec_of(name))
    again = open_storage(store_uri)
    assert study_names(again) == ["first one", "b", "the newest"]
    assert newest_study(again) == "the newest"
    with pytest.raises(NameTaken, match="'b'"):
        create_study(again, spec_of("b"))
    with pytest.raises(UnknownNameError, match="Did you mean 'first one'"):
        load_study(again, "first on")


def test_a_name_that_a_killed_driver_left_is_free(store_uri: str) -> None:
    optuna.create_study(storage=open_storage(store_uri), study_name="half")
    assert not is_made(open_storage(store_uri), "half")
    create_study(open_storage(store_uri), spec_of("half"))
    assert is_made(open_storage(store_uri), "half")


@pytest.mark.parametrize("value", [0.1 + 0.2, -1e300, 5e-300, -0.0, 1.0, float("inf")])
def test_figures_come_back_to_the_last_bit(store_uri: str, value: float) -> None:
    study = create_study(open_storage(store_uri), spec_of("figures"))
    trial = study.ask()
    params = _suggest(trial, SpaceContext())
    trial.report(value, 1)
    trial.set_constraint("c", value)
    trial.set_user_attr("note", {"text": ODD * 200, "value": [value, None, True]})
    study.tell(trial, value)
    (held,) = load_study(open_storage(store_uri), "figures").get_trials()
    assert held.params == params
    assert (held.value, held.intermediate_values, held.constraints) == (
        value, {1: value}, {"c": value},
    )  # fmt: skip
    assert held.user_attrs["note"] == {"text": ODD * 200, "value": [value, None, True]}


def test_an_ended_trial_takes_no_second_word(store_uri: str) -> None:
    study = create_study(open_storage(store_uri), spec_of("twice"))
    number = study.ask().number
    other = load_study(open_storage(store_uri), "twice")
    other.tell(number, state=TrialState.FAIL)
    trial_id = study.get_trials()[number]._trial_id
    for state in (TrialState.COMPLETE, TrialState.WAITING):
        with pytest.raises(UpdateFinishedTrialError):
            study._storage.set_trial_state_values(trial_id, state, [0.5])
    assert [trial.state.name for trial in other.get_trials()] == ["FAIL"]


def conductor_of(uri: str, spec: StudySpec) -> Conductor:
    """A session of the study, as a driver that has just started has it."""
    context = study_context(spec)
    study = load_study(open_storage(uri), spec.name, sampler_of(spec, SPACE, context))
    return Conductor(
        study, spec, SPACE, context,
        board=Board(spec.name, total=spec.trials, metric="val_acc"),
        stop=StopRequest(), stopper=stopper_of(study, spec),
    )  # fmt: skip


def test_how_trials_end(store_uri: str) -> None:
    """Finished, stopped early, failed, infeasible, and given back: in two sessions."""
    spec = spec_of(
        "ends",
        gate={"metric": "val_acc"},
        pruner={"name": "asha", "options": {"first_rung": 1, "reduction": 2}},
        fidelity="epochs",
        exempt_share=0.0,
    )
    fill(create_study(open_storage(store_uri), spec), spec, SPACE, study_context(spec))
    first = conductor_of(store_uri, spec)
    numbers = [assigned.number for _ in range(4) if (assigned := first.next())]
    assert numbers == [0, 1, 2, 3]
    assert first.heard(0, Message("epoch", epoch=1, metrics={"val_acc": 0.9})) is None
    assert "val_acc 0.1" in str(first.heard(1, Message("epoch", epoch=1, metrics={"val_acc": 0.1})))
    first.failed(2, "bug", ODD)
    first.released(3, "Ctrl-C")
    first.heard(0, Message("final", metrics={"val_acc": 0.95}))

    second = conductor_of(store_uri, spec)
    again = second.next()
    assert again is not None and (again.number, again.attempt) == (3, 2)
    second.failed(3, "infeasible", "too large")
    last = second.next()
    assert last is not None and last.number == 4
    second.heard(4, Message("final", metrics={"val_acc": 0.5}))
    assert second.next() is None

    trials = load_study(open_storage(store_uri), "ends").get_trials()
    assert [read_facts(trial).state for trial in trials] == [
        "finished", "pruned", "failed", "pruned", "finished",
    ]  # fmt: skip
    assert [trial.user_attrs["end"].get("failure") for trial in trials] == [
        None, None, "bug", "infeasible", None,
    ]  # fmt: skip
    assert trials[0].params == SPACE.baselines(SpaceContext())[0]
    assert read_facts(trials[2]).reason == ODD
    assert read_facts(trials[0]).steps == {1: 0.9}


def test_turns_exclude_each_other_where_drivers_share_a_study(store_uri: str) -> None:
    create_study(open_storage(store_uri), spec_of("turns"))
    study, other = (load_study(open_storage(store_uri), "turns") for _ in range(2))
    shared = store_uri.startswith("postgresql")
    assert is_shared(study) == shared
    order: list[str] = []

    def take() -> None:
        with turn(other):
            order.append("other")

    thread = threading.Thread(target=take)
    with turn(study):
        thread.start()
        thread.join(0.5)
        order.append("study")
    thread.join(10)
    assert order == (["study", "other"] if shared else ["other", "study"])


@pytest.mark.slow
@pytest.mark.needs("postgresql")
def test_a_long_turn_is_not_cut_off(postgresql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "IDLE_SECONDS", 0.4)
    storage = open_storage(postgresql)
    with turn_at(storage, "long"):
        time.sleep(1.2)
    with (
        pytest.raises(DBAPIError, match="idle-in-transaction"),
        storage.engine.begin() as idle,
    ):
        idle.execute(text("SELECT 1"))
        time.sleep(1.2)


@pytest.mark.slow
@pytest.mark.needs("postgresql")
def test_a_turn_that_is_over_is_said_to_be(postgresql: str) -> None:
    storage = open_storage(postgresql)
    query = text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
    with pytest.raises(DBAPIError), turn_at(storage, "over"), storage.engine.begin() as other:
        assert other.execute(query).scalars().all() == [True]


@pytest.mark.slow
@pytest.mark.needs("postgresql")
def test_a_wrong_password_is_not_repeated(postgresql: str) -> None:
    user = postgresql.split("//")[1].split(":")[0]
    server = postgresql.rpartition("@")[2]
    with pytest.raises(UnavailableError) as caught:
        open_storage(f"postgresql+psycopg://{user}:not-the-secret@{server}")
    assert "password authentication failed" in str(caught.value)
    assert "not-the-secret" not in str(caught.value)
