"""Two small models on disk, a registry that holds them, and one running server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from colour_model import save_colour_model
from running_server import Running, running

FACTORS = (10.0, 5.0)


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Of the colour models with factors 10 and 5."""
    root = tmp_path_factory.mktemp("colours")
    return [save_colour_model(root / f"colours-{factor:g}", factor) for factor in FACTORS]


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URI of an empty sqlite store."""
    from orchestrator.tracking.store import open_client

    uri = f"sqlite:///{tmp_path_factory.mktemp('registry')}/mlflow.db"
    open_client(uri)
    return uri


@pytest.fixture(scope="session")
def server(folders: list[Path]) -> Iterator[Running]:
    """Answers with the model of factor 10, from its folder."""
    from orchestrator.using.loading import load_classifier

    with running(load_classifier(str(folders[0]))) as started:
        yield started
