"""Databases for the suites that every sampler, pruner and store goes through."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres_server import PostgresServer

from orchestrator.study.uris import storage_uri

STORES = [
    "sqlite",
    pytest.param("postgresql", marks=[pytest.mark.slow, pytest.mark.needs("postgresql")]),
]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of an empty database, of a server of its own; tests clear away after them."""
    with PostgresServer() as server:
        yield storage_uri(server.uri)


@pytest.fixture(params=STORES)
def store_uri(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database of each kind, that a study is to lie in."""
    import optuna

    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/study.db"
        return
    uri = request.getfixturevalue("postgresql")
    yield uri
    storage = optuna.storages.RDBStorage(uri)
    for study in optuna.get_all_study_names(storage):
        optuna.delete_study(study_name=study, storage=storage)
    storage.engine.dispose()
