"""Versions and aliases in a real MLflow store, moved also by two processes and after kills."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from mlflow import MlflowClient
from registry_worker import new_version

from orchestrator.promoting.listing import models
from orchestrator.promoting.rollback import rollback
from orchestrator.tracking.registry import (
    SWITCH,
    ChampionMoved,
    Seats,
    read_seats,
    read_versions,
    seat_challenger,
    seat_champion,
)
from orchestrator.tracking.store import open_client
from search_spaces.errors import UnavailableError, UnknownNameError

WORKER = Path(__file__).with_name("registry_worker.py")


@pytest.fixture
def client(store: str) -> MlflowClient:
    return open_client(store)


def seat(client: MlflowClient, expected: str) -> str:
    return seat_champion(client, "m", new_version("file:///nowhere"), expected=expected)[0].number


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(WORKER), *arguments], stdout=subprocess.PIPE, text=True
    )


def test_promote_promote_better_roll_back_twice(client: MlflowClient, store: str) -> None:
    assert read_seats(client, "m") == Seats()
    assert seat(client, "") == "1"
    assert read_seats(client, "m") == Seats("1")
    assert seat(client, "1") == "2"
    assert seat(client, "2") == "3"
    assert read_seats(client, "m") == Seats("3", "2")
    back = rollback("m", tracking_uri=store)
    assert (back.done, back.after) == (True, Seats("2", "3"))
    assert back.sentence == ("m@champion is version 2 again; version 3 is m@previous now.")
    assert client.get_model_version_by_alias("m", "champion").version == 2
    assert rollback("m", tracking_uri=store).after == Seats("3", "2")
    assert client.get_registered_model("m").tags == {}  # no note and no claim is left


def test_nothing_to_go_back_to(client: MlflowClient, store: str) -> None:
    none = rollback("nobody", tracking_uri=store)
    assert not none.done and "has no champion" in none.sentence
    seat(client, "")
    alone = rollback("m", tracking_uri=store)
    assert not alone.done and "no previous one" in alone.sentence
    assert read_seats(client, "m") == Seats("1")


def test_a_champion_that_moved_meanwhile_is_not_replaced(client: MlflowClient) -> None:
    seat(client, "")
    with pytest.raises(ChampionMoved, match="version 1 is the champion now") as told:
        seat(client, "")
    assert told.value.seats == Seats("1")
    assert read_seats(client, "m") == Seats("1")
    assert len(read_versions(client, "m")) == 1  # not even a version was made


def test_a_challenger_stands_beside_the_champion_until_it_takes_the_place(
    client: MlflowClient,
) -> None:
    seat(client, "")
    assert seat_challenger(client, "m", new_version("file:///nowhere")).number == "2"
    assert read_seats(client, "m") == Seats("1", "", "2")
    aliases = {v.number: v.aliases for v in read_versions(client, "m")}
    assert aliases == {"1": ("champion",), "2": ("challenger",)}
    seat(client, "1")  # has no run of its own, as the challenger has none: it is the same
    assert read_seats(client, "m") == Seats("3", "1", "")


@pytest.mark.parametrize(
    "die_before", [3, *(pytest.param(n, marks=pytest.mark.slow) for n in (1, 2, 4, 5))]
)
def test_a_kill_between_two_moves_is_mended_by_the_next_command(
    client: MlflowClient, store: str, die_before: int
) -> None:
    """The moves of 2 -> 3 are: the note, champion, previous, challenger, the note again.

    A reader finds a champion at any moment; before the note nothing was done, after it all is.
    """
    seat(client, "")
    seat(client, "1")
    died = start("promote", store, "m", "2", str(die_before))
    assert died.wait(60) == -9
    assert client.get_model_version_by_alias("m", "champion").version in (2, 3)
    expected = Seats("2", "1") if die_before == 1 else Seats("3", "2")
    assert (SWITCH in client.get_registered_model("m").tags) == (die_before > 1)
    listed = models("m", tracking_uri=store)
    assert {v.version: v.aliases for v in listed if v.aliases} == {
        expected.champion: ("champion",), expected.previous: ("previous",),
    }  # fmt: skip
    assert read_seats(client, "m") == expected
    rolled = rollback("m", tracking_uri=store)
    assert rolled.after == Seats(expected.previous, expected.champion)
    assert client.get_registered_model("m").tags == {}


@pytest.mark.slow
def test_two_promotions_at_once_take_one_after_the_other(client: MlflowClient, store: str) -> None:
    """Every champion but the last was followed by exactly one: a chain, nobody left out."""
    racers = [start("race", store, "m", "5") for _ in range(2)]
    lines = [line for racer in racers for line in racer.communicate(timeout=120)[0].splitlines()]
    assert [racer.returncode for racer in racers] == [0, 0]
    followed = dict(line.split() for line in lines)
    assert len(lines) == len(followed) == 10
    chain = ["0"]
    while chain[-1] in followed:
        chain.append(followed[chain[-1]])
    assert len(chain) == 11
    seats = read_seats(client, "m")
    assert (seats.champion, seats.previous) == (chain[-1], chain[-2])
    assert client.get_registered_model("m").tags == {}


def test_a_version_that_somebody_deleted_is_left_out_of_a_mended_move(
    client: MlflowClient,
) -> None:
    seat(client, "")
    seat(client, "1")
    client.delete_model_version("m", "1")
    client.set_registered_model_tag("m", SWITCH, json.dumps({"champion": "2", "previous": "1"}))
    assert read_seats(client, "m") == Seats("2")


def test_models_say_what_the_versions_say(client: MlflowClient, store: str) -> None:
    assert models(tracking_uri=store) == ()
    tags = {
        "study": "s", "trial": "7", "label": "vgg16", "data": "digits", "test_acc": "0.91",
        "test_acc_low": "0.88", "test_acc_high": "0.93", "test_acc_n": "360",
        "test_openings": "2", "latency_p95_ms_1": "oops",
    }  # fmt: skip
    client.create_registered_model("m")
    client.create_model_version("m", "file:///nowhere", tags=tags)
    (found,) = models(tracking_uri=store)
    assert (found.trial, found.label, found.test_openings) == ("s/7", "vgg16", 2)
    assert (found.accuracy.value, found.accuracy.low, found.accuracy.count) == (0.91, 0.88, 360)
    assert (found.latency_ms, found.robust_score.value, found.aliases) == (None, None, ())
    with pytest.raises(UnknownNameError, match="registered model 'n'"):
        models("n", tracking_uri=store)


def test_a_store_that_there_is_not_is_not_made(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/none.db"
    with pytest.raises(UnavailableError, match="no such file"):
        rollback("m", tracking_uri=uri)
    with pytest.raises(UnavailableError, match="no such file"):
        models(tracking_uri=uri)
    assert list(tmp_path.iterdir()) == []
