"""Registered models: their versions, and who of them is champion.

| alias | which version |
| --- | --- |
| `champion` | the one in use |
| `previous` | the champion before it, for a way back |
| `challenger` | one to be tried beside the champion, put there with `promote --challenger` |

What the registry holds of a version is written when it is made and never changed. A move of aliases
is several writes, so it is noted first, in one write (the tag `orchestrator.switch`): a process
that dies between them leaves the note, and the next command here completes the move. The alias
`champion` itself is set in one write: a reader finds the old one or the new one, never none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field

import orchestrator.tracking.environment  # noqa: F401  (before mlflow: it turns telemetry off)

# isort: split
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion, RegisteredModel
from mlflow.exceptions import MlflowException

from orchestrator.tracking.claims import Turn, turn_at
from search_spaces.errors import OrchestratorError

CHAMPION, PREVIOUS, CHALLENGER = "champion", "previous", "challenger"
ALIASES = (CHAMPION, PREVIOUS, CHALLENGER)
SWITCH = "orchestrator.switch"
_MISSING = "RESOURCE_DOES_NOT_EXIST"


@dataclass(frozen=True)
class Seats:
    """Version by alias; "" where nobody has it."""

    champion: str = ""
    previous: str = ""
    challenger: str = ""


@dataclass(frozen=True)
class Version:
    """A version of a registered model, and what it says of itself.

    Args:
        source: where its files are.
        created: Unix seconds.
        tags: the evidence that it was promoted on.
    """

    name: str
    number: str
    aliases: tuple[str, ...] = ()
    run_id: str = ""
    source: str = ""
    created: float = 0.0
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class NewVersion:
    """A logged model that is to become a version.

    Args:
        source: of its files; of a logged model its artifact location, since a version's source
            that names the model by id is looked up in the one store of the whole process
            (`SqlAlchemyStore.create_model_version`, MLflow 3.17).
    """

    source: str
    run_id: str
    model_id: str
    tags: Mapping[str, str]
    description: str


class ChampionMoved(OrchestratorError):
    """Somebody else has moved the alias since the evidence was made; `seats` are those of now."""

    def __init__(self, seats: Seats) -> None:
        self.seats = seats
        super().__init__(f"version {seats.champion or 'none'} is the champion now")


def read_seats(client: MlflowClient, name: str) -> Seats:
    """Who has which alias; completes a move that was cut short. No model of that name: nobody."""
    model = _model(client, name)
    if model is None:
        return Seats()
    if SWITCH in model.tags:
        with turn_at(client, name) as turn:
            _mend(client, name, turn)
        model = client.get_registered_model(name)
    return _seats(model)


def seat_champion(
    client: MlflowClient, name: str, new: NewVersion, *, expected: str
) -> tuple[Version, Seats]:
    """Make a version and the champion of it; the one before becomes `previous`.

    Args:
        expected: version of the champion that it was compared with; "" for none.

    Returns:
        The version, and the seats as they are now.

    Raises:
        ChampionMoved: another one is the champion now; nothing was changed.
    """
    with suppress(MlflowException):  # it is there
        client.create_registered_model(name)
    with turn_at(client, name) as turn:
        seats = _mend(client, name, turn)
        if seats.champion != expected:
            raise ChampionMoved(seats)
        made = _make(client, name, new)
        held = _version_of(client, name, seats.challenger)
        is_challenger = held is not None and held.run_id == made.run_id
        seats = Seats(made.number, expected, "" if is_challenger else seats.challenger)
        _switch(client, name, seats, turn)
        return made, seats


def seat_challenger(client: MlflowClient, name: str, new: NewVersion) -> Version:
    """Make a version and the challenger of it; champion and previous stay."""
    with suppress(MlflowException):
        client.create_registered_model(name)
    with turn_at(client, name) as turn:
        seats = _mend(client, name, turn)
        made = _make(client, name, new)
        _switch(client, name, Seats(seats.champion, seats.previous, made.number), turn)
        return made


def swap_back(client: MlflowClient, name: str) -> tuple[Seats, Seats]:
    """Champion and previous change places; the seats before and after, equal where there is none
    to go back to."""
    if _model(client, name) is None:
        return Seats(), Seats()
    with turn_at(client, name) as turn:
        before = _mend(client, name, turn)
        if not before.previous or before.previous == before.champion:
            return before, before
        after = Seats(before.previous, before.champion, before.challenger)
        _switch(client, name, after, turn)
        return before, after


def read_version(client: MlflowClient, name: str, number: str) -> Version | None:
    """None where there is no such version."""
    return _version_of(client, name, number)


def read_versions(client: MlflowClient, name: str) -> tuple[Version, ...]:
    """All versions, the newest first."""
    quoted = name.replace("'", "")
    found: list[ModelVersion] = []
    token = None
    while True:
        page = client.search_model_versions(f"name = '{quoted}'", page_token=token)
        found += page
        token = page.token
        if not token:
            break
    model = _model(client, name)  # a search leaves the aliases out
    seats = {} if model is None else dict(model.aliases)
    versions = [_version(each, seats) for each in found]
    return tuple(sorted(versions, key=lambda version: -int(version.number)))


def model_names(client: MlflowClient) -> tuple[str, ...]:
    """Registered models, by name."""
    names: list[str] = []
    token = None
    while True:
        page = client.search_registered_models(page_token=token)
        names += [model.name for model in page]
        token = page.token
        if not token:
            return tuple(sorted(names))


def _model(client: MlflowClient, name: str) -> RegisteredModel | None:
    try:
        return client.get_registered_model(name)
    except MlflowException as error:
        if error.error_code == _MISSING:
            return None
        raise


def _seats(model: RegisteredModel) -> Seats:
    held = model.aliases
    return Seats(**{alias: str(held.get(alias, "")) for alias in ALIASES})


def _mend(client: MlflowClient, name: str, turn: Turn) -> Seats:
    """Complete the move that a dead process has begun, if there is one; the seats then."""
    model = client.get_registered_model(name)
    noted = model.tags.get(SWITCH)
    if noted is None:
        return _seats(model)
    _carry_out(client, name, Seats(**json.loads(noted)), turn)
    return _seats(client.get_registered_model(name))


def _switch(client: MlflowClient, name: str, seats: Seats, turn: Turn) -> None:
    turn.check()
    client.set_registered_model_tag(name, SWITCH, json.dumps(asdict(seats)))
    _carry_out(client, name, seats, turn)


def _carry_out(client: MlflowClient, name: str, seats: Seats, turn: Turn) -> None:
    """Set what the note says; carried out twice, it is the same. The note goes last."""
    for alias, number in asdict(seats).items():
        turn.check()
        if not number:
            client.delete_registered_model_alias(name, alias)
        elif _version_of(client, name, number) is not None:  # else a person has deleted it
            client.set_registered_model_alias(name, alias, number)
    turn.check()
    client.delete_registered_model_tag(name, SWITCH)


def _make(client: MlflowClient, name: str, new: NewVersion) -> Version:
    made = client.create_model_version(
        name,
        new.source,
        run_id=new.run_id,
        tags=dict(new.tags),
        description=new.description,
        model_id=new.model_id,
        await_creation_for=0,  # MLflow's own stores have it at once, and say that they wait
    )
    return _version(made, {})


def _version_of(client: MlflowClient, name: str, number: str) -> Version | None:
    if not number:
        return None
    try:
        found = client.get_model_version(name, number)
    except MlflowException as error:
        if error.error_code == _MISSING:
            return None
        raise
    return _version(found, dict.fromkeys(found.aliases, number))


def _version(found: ModelVersion, seats: Mapping[str, object]) -> Version:
    number = str(found.version)
    return Version(
        name=found.name,
        number=number,
        aliases=tuple(sorted(alias for alias, held in seats.items() if str(held) == number)),
        run_id=str(found.run_id or ""),
        source=str(found.source or ""),
        created=found.creation_timestamp / 1000,
        description=str(found.description or ""),
        tags=dict(found.tags),
    )
