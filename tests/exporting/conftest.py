"""One exported trial from scratch for the session: the quickest kind there is."""

from __future__ import annotations

import pytest
from exported_trials import ExportedTrial, exported_trial


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> ExportedTrial:
    """A small net trained from scratch on digits, exported."""
    return exported_trial("scratch", tmp_path_factory.mktemp("scratch"))
