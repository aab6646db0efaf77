"""Exit statuses and JSON of `rollback` and `models`, and what `promote` refuses at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from json_keys import check
from registry_worker import new_version

from orchestrator.cli.app import main
from orchestrator.tracking.registry import seat_champion
from orchestrator.tracking.store import open_client


@pytest.fixture
def here(store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_rollback_and_models(here: Path, store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    assert "orchestrator promote STUDY" in capsys.readouterr().out
    client = open_client(store)
    seat_champion(client, "pets", new_version("file:///nowhere"), expected="")
    assert main(["rollback", "pets"]) == 1
    told = capsys.readouterr()
    assert "has no previous one" in told.err and not told.out
    seat_champion(client, "pets", new_version("file:///nowhere"), expected="1")
    assert main(["rollback", "pets", "--json"]) == 0
    check("orchestrator rollback NAME --json", json.loads(capsys.readouterr().out))
    assert main(["models", "pets", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    check("orchestrator models --json", rows)
    assert [(r["version"], r["aliases"]) for r in rows["versions"]] == [
        ("2", ["previous"]), ("1", ["champion"]),
    ]  # fmt: skip
    assert main(["models", "pet"]) == 2
    assert "Did you mean 'pets'?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["promote", "nothing"], 2, "no study"),
        (["promote", "--min-acc", "85"], 2, "85 % is --min-acc 0.85"),
        (["promote", "--repeats", "1"], 2, "--repeats"),
        (["promote", "--attack", "pgd:step=3"], 2, "steps"),
        (["promote", "--attack-time", "soon"], 2, "duration"),
        (["promote", "--by", "luck"], 2, "accuracy"),
        (["rollback"], 2, "NAME"),
        (["rollback", "nobody"], 1, "nobody has no champion"),
    ],
)
def test_what_is_refused_at_once(
    here: Path, arguments: list[str], status: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == status
    told = capsys.readouterr()
    assert says in told.err and "Traceback" not in told.err and not told.out
