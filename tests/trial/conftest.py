"""One small trial, run once for all tests that only look at it."""

from __future__ import annotations

import pytest
from trial_parts import run

from trainables.reports import Report, TrialReport


@pytest.fixture(scope="session")
def small() -> tuple[list[Report], TrialReport]:
    """All reports of the small trial, and the last of them."""
    return run()
