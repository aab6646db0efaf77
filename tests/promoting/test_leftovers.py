"""What a killed promotion left behind is cleared away; nobody else's model is."""

from __future__ import annotations

import json
import socket
from dataclasses import asdict
from pathlib import Path

import pytest
from mlflow import MlflowClient

import orchestrator.tracking.leftovers as leftovers
from orchestrator.tracking.leftovers import (
    MAKER_TAG,
    PROMOTED_TAG,
    clear_leftovers,
    promoted_tags,
)
from orchestrator.tracking.process_marks import ProcessMark
from orchestrator.tracking.registry import NewVersion, seat_champion
from orchestrator.tracking.store import open_client

DEAD = ProcessMark(socket.gethostname(), 2**22 + 1, 0.0)
ELSEWHERE = ProcessMark("another-host", 1, 0.0)


@pytest.fixture
def client(store: str) -> MlflowClient:
    return open_client(store)


def logged(client: MlflowClient, name: str, tags: dict[str, str], tmp_path: Path) -> str:
    """The id of a model with one file, whose name says whose it is."""
    model = client.create_logged_model("0", name=name, tags=tags)
    (tmp_path / name).write_text("numbers")
    client.log_model_artifact(model.model_id, str(tmp_path / name))
    return str(model.model_id)


def of(maker: ProcessMark) -> dict[str, str]:
    return {PROMOTED_TAG: "true", MAKER_TAG: json.dumps(asdict(maker))}


def test_models_of_dead_promotions_alone_are_deleted(
    client: MlflowClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    client.create_experiment("e")  # "0" is there by itself
    ids = {
        name: logged(client, name, tags, tmp_path)
        for name, tags in {
            "dead": of(DEAD),
            "registered": of(DEAD),
            "alive": promoted_tags(),
            "elsewhere": of(ELSEWHERE),
            "odd": {PROMOTED_TAG: "true", MAKER_TAG: "nobody"},
            "of a study": {MAKER_TAG: json.dumps(asdict(DEAD))},
        }.items()
    }
    place = client.get_logged_model(ids["registered"]).artifact_location
    files = Path(client.get_logged_model(ids["dead"]).artifact_location.removeprefix("file://"))
    seat_champion(client, "m", NewVersion(place, "", "", {}, ""), expected="")
    assert (files / "dead").is_file()
    clear_leftovers(client, "0")
    assert held(client) == set(ids) - {"dead"} and not (files / "dead").exists()
    monkeypatch.setattr(leftovers, "_GIVEN_UP", -1.0)  # all are older than that
    clear_leftovers(client, "0")
    assert held(client) == {"registered", "odd", "of a study"}


def held(client: MlflowClient) -> set[str]:
    return {str(model.name) for model in client.search_logged_models(["0"])}
