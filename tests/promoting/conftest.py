"""What the tests of promotion share: a fresh MLflow store, made once and copied."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def made_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sqlite file with MLflow's tables, which take seconds to make."""
    from orchestrator.tracking.store import open_client

    path = tmp_path_factory.mktemp("schema") / "mlflow.db"
    open_client(f"sqlite:///{path}")
    return path


@pytest.fixture
def store(made_store: Path, tmp_path: Path) -> str:
    """An empty store of its own; its URI."""
    (tmp_path / "mlflow.db").write_bytes(made_store.read_bytes())
    return f"sqlite:///{tmp_path}/mlflow.db"
