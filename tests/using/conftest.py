"""One tiny model in a folder, for the session."""

from __future__ import annotations

from pathlib import Path

import pytest
from model_folders import write_folder

from orchestrator.using.classifier import LoadedClassifier
from orchestrator.using.loading import load_classifier


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a model that tells colours apart; not to be changed."""
    return write_folder(tmp_path_factory.mktemp("model") / "colours")


@pytest.fixture(scope="session")
def colours(folder: Path) -> LoadedClassifier:
    """The same, loaded."""
    return load_classifier(str(folder))
