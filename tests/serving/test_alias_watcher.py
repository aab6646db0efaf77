"""What becomes of the model that answers when the alias moves, or the registry goes away."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from colour_model import picture, register, surely
from running_server import PNG, running
from sum_classifier import Broken, Sums

from orchestrator.serving.following import Followed
from orchestrator.serving.metrics import ServerMetrics
from orchestrator.serving.reloading import AliasWatcher
from orchestrator.serving.served_model import Classifier, ModelSlot, made_ready
from orchestrator.serving.settings import ServeSettings
from orchestrator.tracking.alias import alias_version
from orchestrator.using.loading import load_classifier
from search_spaces.errors import UnavailableError, UnknownNameError, UsageError


class Registry:
    """One alias, and what its versions load as."""

    def __init__(self) -> None:
        self.version, self.error = "1", None
        self.loads: list[str] = []
        self.broken: set[str] = set()

    def newest(self) -> str:
        """Where it points."""
        if self.error is not None:
            raise self.error
        return self.version

    def load(self, version: str) -> Classifier:
        """That version."""
        self.loads.append(version)
        if version in self.broken:
            return Broken(version=version)
        return Sums(version=version)


@pytest.fixture
def registry_by_hand() -> Registry:
    """Version 1 is champion."""
    return Registry()


@pytest.fixture
def lines() -> list[str]:
    """What is told."""
    return []


@pytest.fixture
def watcher(registry_by_hand: Registry, lines: list[str]) -> Iterator[AliasWatcher]:
    """Of a slot that holds version 1; looks only when told."""
    metrics = ServerMetrics()
    slot = ModelSlot(made_ready(Sums(), 4))
    yield AliasWatcher(
        slot, registry_by_hand.newest, registry_by_hand.load,
        every=1000, largest_batch=4, metrics=metrics, say=lines.append,
    )  # fmt: skip


def answering(watcher: AliasWatcher) -> str | None:
    """The version that answers."""
    return watcher.slot.current.classifier.version


def test_the_version_that_the_alias_points_at_answers(
    watcher: AliasWatcher, registry_by_hand: Registry, lines: list[str]
) -> None:
    watcher.look()
    assert answering(watcher) == "1" and registry_by_hand.loads == []
    registry_by_hand.version = "2"
    watcher.look()
    watcher.look()
    assert answering(watcher) == "2" and registry_by_hand.loads == ["2"]
    registry_by_hand.version = "1"  # a rollback
    watcher.look()
    assert answering(watcher) == "1"
    assert lines == [
        "sums version 2 answers from now on, in place of sums version 1.",
        "sums version 1 answers from now on, in place of sums version 2.",
    ]


def test_a_version_that_cannot_be_used_changes_nothing(
    watcher: AliasWatcher, registry_by_hand: Registry, lines: list[str]
) -> None:
    registry_by_hand.version, registry_by_hand.broken = "2", {"2"}
    for _ in range(5):
        watcher.look()
    assert answering(watcher) == "1" and watcher.watch.failed == "2"
    assert registry_by_hand.loads == ["2"]  # not again at once
    assert len(lines) == 1 and "sums version 1 goes on" in lines[0]
    registry_by_hand.version = "3"
    watcher.look()
    assert answering(watcher) == "3" and watcher.watch.failed is None


def test_a_version_that_failed_is_tried_again_later(
    watcher: AliasWatcher, registry_by_hand: Registry
) -> None:
    registry_by_hand.version, registry_by_hand.broken = "2", {"2"}
    watcher.every = 0.0
    watcher.look()
    registry_by_hand.broken = set()
    watcher.look()
    assert answering(watcher) == "2" and registry_by_hand.loads == ["2", "2"]


@pytest.mark.parametrize(
    ("error", "away", "gone"),
    [
        (ConnectionError("http://me:s3cret@host"), "the registry does not answer", False),
        (UnavailableError("The registry"), "the registry does not answer", False),
        (UnknownNameError("alias", "x", []), "the alias is not in the registry", True),
    ],
)
def test_a_registry_that_is_away_is_told_once_and_without_secrets(
    watcher: AliasWatcher, registry_by_hand: Registry, lines: list[str],
    error: Exception, away: str, gone: bool,
) -> None:  # fmt: skip
    registry_by_hand.error = error
    watcher.look()
    watcher.look()
    assert answering(watcher) == "1"
    assert (watcher.watch.away, watcher.watch.gone) == (away, gone)
    assert len(lines) == 1 and away in lines[0] and "s3cret" not in lines[0]
    registry_by_hand.error, registry_by_hand.version = None, "2"
    watcher.look()
    assert answering(watcher) == "2" and watcher.watch.away == ""


def test_where_an_alias_points_in_a_real_registry(registry: str, folders: list[Path]) -> None:
    client = register(registry, "pointed", folders)
    assert alias_version("pointed", "champion", tracking_uri=registry) == "1"
    client.set_registered_model_alias("pointed", "champion", "2")
    assert alias_version("pointed", "champion", tracking_uri=registry) == "2"
    with pytest.raises(UsageError, match=r"'champoin'.*champion"):
        alias_version("pointed", "champoin", tracking_uri=registry)
    with pytest.raises(UsageError, match="no such registered model"):
        alias_version("nobody", "champion", tracking_uri=registry)


def test_a_store_that_is_gone_is_away_and_not_made_anew(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="no such file"):
        alias_version("any", "champion", tracking_uri=f"sqlite:///{tmp_path}/gone.db")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UnavailableError, match=r"127\.0\.0\.1") as caught:
        alias_version("any", "champion", tracking_uri="http://me:s3cret@127.0.0.1:9")
    assert "s3cret" not in str(caught.value)


def test_the_server_goes_on_without_its_registry_and_says_so(folders: list[Path]) -> None:
    away = {"yet": False}

    def newest() -> str:
        if away["yet"]:
            raise UnavailableError("The registry at /secret/place")
        return "1"

    def load(version: str) -> Classifier:
        raise AssertionError(version)

    first = dataclasses.replace(load_classifier(str(folders[0])), name="colours", version="1")
    settings = ServeSettings(port=0, threads=1, reload_seconds=0.1)
    followed = Followed("colours", "champion", newest, load)
    with running(first, settings, followed) as server:
        health = server.ask("GET", "/health").json
        assert health["alias"] == "champion" and health["registry"]["reachable"] is True
        away["yet"] = True
        end = time.monotonic() + 30
        while server.ask("GET", "/health").json["registry"]["reachable"]:
            assert time.monotonic() < end
            time.sleep(0.05)
        health = server.ask("GET", "/health")
        assert health.status == 200 and health.json["ready"] is True
        assert health.json["registry"]["problem"] == "the registry does not answer"
        assert b"secret" not in health.body
        assert b"orchestrator_registry_up 0.0" in server.ask("GET", "/metrics").body
        answer = server.ask("POST", "/predict", picture(), PNG).json
        assert answer["version"] == "1"
        assert answer["predictions"][0]["probability"] == pytest.approx(surely(10), abs=1e-6)
