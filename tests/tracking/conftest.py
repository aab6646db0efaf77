"""One empty MLflow store to copy, and one real server, for the session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow_server import Server, copy_store, free_port, start_server, stop, wait_for


@pytest.fixture(scope="session")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty sqlite store of MLflow's: making its schema takes seconds, copying it does not."""
    from orchestrator.tracking.store import open_client

    path = tmp_path_factory.mktemp("schema") / "mlflow.db"
    open_client(f"sqlite:///{path}")
    return path


@pytest.fixture
def store(tmp_path: Path, schema: Path) -> str:
    """The URI of a fresh sqlite store under `tmp_path`."""
    return copy_store(schema, tmp_path)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, schema: Path) -> Iterator[Server]:
    """One for the session, on 127.0.0.1, over a store of its own; stopped by its pid."""
    folder = tmp_path_factory.mktemp("server")
    (folder / "mlflow.db").write_bytes(schema.read_bytes())
    port = free_port()
    process = start_server(f"sqlite:///{folder}/mlflow.db", port, folder)
    try:
        wait_for(f"http://127.0.0.1:{port}/health", process)
        yield Server(f"http://127.0.0.1:{port}", folder)
    finally:
        stop(process)
