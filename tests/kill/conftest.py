"""A feature cache that is warm, uninterrupted searches to compare with, and a report at the end."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from accounting import trial_seconds, wall_seconds
from auditing import assert_clean, audit, read_story
from mlflow_away import MlflowServer
from ray_nodes import RayNodes
from real_search import SMALL, Search
from victims import Scene, Victim

LINES: list[str] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was killed when, and what it cost."""
    if LINES:
        terminalreporter.section("searches under fire")
        for line in LINES:
            terminalreporter.write_line(line)


@pytest.fixture
def report() -> Callable[[str], None]:
    """Adds a line to the end of pytest's output."""
    return LINES.append


@pytest.fixture(scope="session")
def warm(shared_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cache folder, once it holds the features of these searches."""
    folder = tmp_path_factory.mktemp("warm") / "warm"
    search = Search(folder, *SMALL, "--trials", "1", "--local")
    try:
        search.start().wait()
    finally:
        search.end()
    return shared_home


@pytest.fixture(scope="session")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RayNodes]:
    """A cluster for the session, of two nodes on 127.0.0.1 with a token of its own."""
    environment = {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        # Nothing listens beyond this machine (orchestrator/run/cluster.py); read at import.
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    }
    with RayNodes(environment, tmp_path_factory.mktemp("nodes")) as started:
        started.add()
        yield started


@pytest.fixture
def stage(
    tmp_path: Path, warm: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Scene]]:
    """Sets a scene for a victim: `stage(victim, "--trials", "12", seed=3)`; not started yet."""
    del warm
    with ExitStack() as stack:

        def make(victim: Victim, *options: str, seed: int = 0, name: str = "kill") -> Scene:
            folder = tmp_path / name
            folder.mkdir()
            nodes = request.getfixturevalue("nodes") if victim.joins else None
            server = stack.enter_context(MlflowServer(folder)) if victim.serves else None
            if server is not None:
                options = (*options, "--tracking-uri", server.uri)
            search = Search(
                folder,
                *SMALL,
                *options,
                "--concurrency",
                "2",
                environment=nodes.environment if nodes else None,
                going_on=("--address", nodes.address) if nodes else (),
            )
            stack.callback(search.end)
            return Scene(search, random.Random(seed), nodes, server)

        yield make


@dataclass(frozen=True)
class Uninterrupted:
    """A search that nothing happened to, in seconds.

    Args:
        first: from the start of its process to its first trial's start.
        wall: from there to the last trial's end.
        trial: of one trial.
        life: of the process.
    """

    first: float
    wall: float
    trial: float
    life: float


@pytest.fixture(scope="session")
def _measured() -> dict[str, Uninterrupted]:
    return {}


@pytest.fixture
def uninterrupted(
    stage: Callable[..., Scene], _measured: dict[str, Uninterrupted]
) -> Callable[..., Uninterrupted]:
    """The same search as a victim's, measured once a session for each of them, just before."""

    def measure(victim: Victim, *options: str) -> Uninterrupted:
        if victim.name not in _measured:
            search = stage(victim, *options, name="plain").search
            search.start().wait()
            life = time.time() - search.began
            story = read_story(search.folder, search.study)
            assert_clean(audit(search.folder, search.study))
            first = min(trial.started or 0.0 for trial in story.trials) - search.began
            _measured[victim.name] = Uninterrupted(
                first, wall_seconds(story), trial_seconds(story), life
            )
        return _measured[victim.name]

    return measure
