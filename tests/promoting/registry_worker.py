"""A process that moves aliases, and may be killed in the middle: `python registry_worker.py ...`.

    promote URI NAME EXPECTED [DIE_BEFORE]     make a version and the champion of it
    race URI NAME ROUNDS                       take the champion's place again and again
    hold URI NAME SECONDS                      hold the turn
    enter URI NAME LOG ROUNDS                  go in and out, and leave marks in a file

DIE_BEFORE is the number of the write of `_carry_out` before which the process kills itself.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from mlflow import MlflowClient

from orchestrator.tracking.claims import Turn, turn_at
from orchestrator.tracking.registry import (
    ChampionMoved,
    NewVersion,
    read_seats,
    seat_champion,
)
from orchestrator.tracking.store import open_client


def new_version(source: str, note: str = "") -> NewVersion:
    """A version whose files do not matter here."""
    return NewVersion(source, "", "", {"note": note}, "by hand")


def promote(client: MlflowClient, name: str, expected: str, die_before: int) -> None:
    """Prints the number of the version."""
    checks = 0
    real = Turn.check

    def check(turn: Turn) -> None:
        nonlocal checks
        checks += 1
        if checks == die_before:
            os.kill(os.getpid(), signal.SIGKILL)
        real(turn)

    Turn.check = check  # type: ignore[method-assign]
    made, _ = seat_champion(client, name, new_version("file:///nowhere"), expected=expected)
    print(made.number)


def race(client: MlflowClient, name: str, rounds: int) -> None:
    """Each success prints `FROM TO`: whose place was taken, and by whom."""
    for _ in range(rounds):
        while True:
            seats = read_seats(client, name)
            try:
                made, after = seat_champion(
                    client, name, new_version("file:///nowhere"), expected=seats.champion
                )
                break
            except ChampionMoved:
                continue
        assert after.previous == seats.champion
        print(seats.champion or "0", made.number, flush=True)


def hold(client: MlflowClient, name: str, seconds: float) -> None:
    """Says `in` once it has the turn."""
    with turn_at(client, name):
        print("in", flush=True)
        time.sleep(seconds)


def enter(client: MlflowClient, name: str, log: Path, rounds: int) -> None:
    """Two processes inside at once would leave an odd mark between a pair."""
    for _ in range(rounds):
        with turn_at(client, name):
            for mark in ("in", "out"):
                with log.open("a") as file:
                    file.write(f"{mark} {os.getpid()}\n")
                time.sleep(0.002)


def main(what: str, uri: str, name: str, *rest: str) -> None:
    """One of the four."""
    client = open_client(uri)
    if what == "promote":
        promote(client, name, rest[0].strip("-"), int(rest[1]) if rest[1:] else 0)
    elif what == "race":
        race(client, name, int(rest[0]))
    elif what == "hold":
        hold(client, name, float(rest[0]))
    else:
        enter(client, name, Path(rest[0]), int(rest[1]))


if __name__ == "__main__":
    main(*sys.argv[1:])
