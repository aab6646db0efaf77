"""A fuzzer goes through all that the server's own description says, and finds no 5xx."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from running_server import Running

_CHECKS = "not_a_server_error,status_code_conformance,response_schema_conformance"


def fuzz(server: Running, folder: Path, examples: int, phases: str, seconds: int) -> int:
    """How many requests schemathesis made; fails where it found something."""
    line = [
        sys.executable, "-m", "schemathesis.cli", "run", f"{server.url}/openapi.json",
        "--checks", _CHECKS, "--max-examples", str(examples), "--seed", "1", "--mode", "all",
        "--phases", phases,
        "--request-timeout", "30", "--generation-database", "none",
    ]  # fmt: skip
    ended = subprocess.run(
        line, cwd=folder, capture_output=True, text=True, timeout=seconds,
        env=os.environ | {"NO_COLOR": "1", "COLUMNS": "120"},
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout[-4000:] + ended.stderr[-2000:]
    found = re.search(r"(\d+) generated, (\d+) passed", ended.stdout)
    assert found and found[1] == found[2], ended.stdout[-4000:]
    return int(found[1])


def test_a_short_fuzz_finds_no_server_error(server: Running, tmp_path: Path) -> None:
    assert fuzz(server, tmp_path, 12, "fuzzing", 120) > 20
    assert server.ask("GET", "/ping").status == 200


@pytest.mark.slow
def test_a_long_fuzz_finds_no_server_error(server: Running, tmp_path: Path) -> None:
    assert fuzz(server, tmp_path, 300, "examples,coverage,fuzzing", 280) > 500
    assert server.ask("GET", "/ping").status == 200


def test_the_description_names_every_path_and_its_refusals(server: Running) -> None:
    described = json.loads(server.ask("GET", "/openapi.json").body)
    assert set(described["paths"]) == {
        "/", "/predict", "/invocations", "/ping", "/version", "/health", "/metrics",
    }  # fmt: skip
    for path in ("/predict", "/invocations"):
        operation = described["paths"][path]["post"]
        assert {"200", "400", "413", "415", "421", "503"} <= set(operation["responses"])
        assert operation["requestBody"]["content"]
