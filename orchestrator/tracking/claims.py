"""One process at a time moves the aliases of a registered model, wherever the processes run.

MLflow sets an alias at once, but offers no way to set it only if it is still what it was. What
every store of MLflow's has is a tag that is written whole and read by all in one call; that is all
that Lamport's bakery needs (A New Solution of Dijkstra's Concurrent Programming Problem, 1974).
Each process has a tag of its own on the registered model: it says 0 while it draws a ticket, then
draws one more than the largest it sees, and goes in when no other tag says 0 or a smaller ticket.

A process that dies leaves its tag. Others take it away: at once where they can see that it is dead
(same host), else when it has not changed for `LEASE` seconds of their own clock. Whoever is in
writes nothing once half of that is over, and asks before each write whether its tag still stands.
So two are never in at once, unless a single call of a live process takes longer than half a lease;
calls time out after 15 s. Aliases that a person moves in MLflow's pages wait for nobody.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from orchestrator.tracking.process_marks import ProcessMark
from search_spaces.errors import UnavailableError

PREFIX = "orchestrator.turn."
LEASE = 60.0
_LOOK_SECONDS = 0.05
_PATIENCE = 300.0


@dataclass(frozen=True)
class Claim:
    """A process that wants to move aliases.

    Args:
        ticket: 0 while it draws one.
        host, pid, born: as in `ProcessMark`.
    """

    token: str
    ticket: int
    host: str
    pid: int
    born: float

    @property
    def is_dead(self) -> bool:
        """Whether it can be seen from here that its process is gone."""
        return ProcessMark(self.host, self.pid, self.born).is_dead


class Turn:
    """The right to move aliases; `check()` comes before each write.

    Args:
        client, name: of the registered model, which exists.
    """

    def __init__(self, client: MlflowClient, name: str, claim: Claim) -> None:
        self._client, self._name, self._claim = client, name, claim
        self._until = time.monotonic() + LEASE / 2

    def check(self) -> None:
        """Raises UnavailableError where this process was too slow, and may have lost its turn."""
        if time.monotonic() < self._until and self._claim in read_claims(self._client, self._name):
            return
        raise UnavailableError(
            f"The turn to move the aliases of {self._name}",
            [("keeping it", f"its store took longer than {LEASE / 2:g} s")],
            hint="Run the same command again: it completes what was begun.",
        )


@contextlib.contextmanager
def turn_at(client: MlflowClient, name: str) -> Iterator[Turn]:
    """Wait for the turn, and give it back; the registered model must exist.

    Raises:
        UnavailableError: the turn did not come for 5 minutes.
    """
    until = time.monotonic() + _PATIENCE
    claim = _drawn(client, name)
    try:
        while True:
            mine = _wait(client, name, claim, until)
            if mine is not None:
                break
            claim = _drawn(client, name)  # somebody took us for dead
        yield mine
    finally:
        with contextlib.suppress(MlflowException):
            client.delete_registered_model_tag(name, PREFIX + claim.token)


def read_claims(client: MlflowClient, name: str) -> list[Claim]:
    """All claims on the model; one that cannot be read is nobody's."""
    found = []
    for key, value in client.get_registered_model(name).tags.items():
        if key.startswith(PREFIX):
            with contextlib.suppress(ValueError, TypeError):
                found.append(Claim(**json.loads(value)))
    return found


def _drawn(client: MlflowClient, name: str) -> Claim:
    """A claim with its ticket; drawn anew where that took so long that others may not wait."""
    while True:
        began = time.monotonic()
        claim = Claim(secrets.token_hex(6), 0, **asdict(ProcessMark.here()))
        _write(client, name, claim)
        ticket = 1 + max(other.ticket for other in [claim, *read_claims(client, name)])
        if time.monotonic() - began < LEASE / 4:
            drawn = replace(claim, ticket=ticket)
            _write(client, name, drawn)
            if time.monotonic() - began < LEASE / 2:
                return drawn
        client.delete_registered_model_tag(name, PREFIX + claim.token)


def _write(client: MlflowClient, name: str, claim: Claim) -> None:
    client.set_registered_model_tag(name, PREFIX + claim.token, json.dumps(asdict(claim)))


def _wait(client: MlflowClient, name: str, claim: Claim, until: float) -> Turn | None:
    """The turn once nobody is before us; None where our own claim was taken away."""
    seen: dict[Claim, float] = {}
    while True:
        turn = Turn(client, name, claim)  # its time begins before we look
        claims = read_claims(client, name)
        if claim not in claims:
            return None
        mine = (claim.ticket, claim.token)
        before = [one for one in claims if one != claim and (one.ticket, one.token) < mine]
        if not before:
            return turn
        now = time.monotonic()
        for one in before:
            if one.is_dead or now - seen.setdefault(one, now) > LEASE:
                with contextlib.suppress(MlflowException):
                    client.delete_registered_model_tag(name, PREFIX + one.token)
        if now > until:
            who = f"process {before[0].pid} on {before[0].host} has it"
            raise UnavailableError(f"The turn to move the aliases of {name}", [("waiting", who)])
        time.sleep(_LOOK_SECONDS)
