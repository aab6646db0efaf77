"""What `serve` is told, and where it listens."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from orchestrator.cli.app import main
from orchestrator.serving.listening import listening_socket, url_of
from orchestrator.serving.settings import ServeSettings
from search_spaces.errors import UsageError


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("port", 70_000, r"--port must be 0 to 65535. Got: 70000. Try 65535"),
        ("max_batch", 0, r"--max-batch must be 1"),
        ("max_wait_ms", float("nan"), r"--max-wait-ms"),
        ("reload_seconds", 0.0, r"--reload-seconds must be 0.1"),
        ("threads", -1, r"--threads must be 1"),
    ],
)
def test_numbers_that_make_no_sense(field: str, value: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        ServeSettings(**{field: value})


def test_it_listens_on_the_loopback_unless_told() -> None:
    with listening_socket(ServeSettings().host, None) as taken:
        host, port = taken.getsockname()
        assert host == "127.0.0.1" and port >= 8000
        assert url_of(taken) == f"http://127.0.0.1:{port}"
        with listening_socket("127.0.0.1", None) as another:
            assert another.getsockname()[1] > port
        with pytest.raises(UsageError, match=rf"in use. Got: {port}. Free now: --port \d+"):
            listening_socket("127.0.0.1", port)


@pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1", "a b"])
def test_a_host_that_is_not_this_machine(host: str) -> None:
    with pytest.raises(UsageError, match="--host must be"):
        listening_socket(host, 0)


def test_all_addresses_are_shown_as_one_that_a_browser_can_open() -> None:
    with listening_socket("0.0.0.0", 0) as everywhere:
        assert url_of(everywhere).startswith("http://localhost:")


def test_a_port_in_use_is_told_before_anything_is_loaded(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen(1)
        port = str(busy.getsockname()[1])
        assert main(["serve", str(tmp_path / "no-model"), "--port", port]) == 2
    assert "in use" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("model", "words"),
    [("nobody@champion", "cannot be had here"), ("a:b", "A model is"), ("/nowhere", "model")],
)
def test_a_model_that_there_is_not(
    model: str, words: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    store = f"sqlite:///{tmp_path}/gone.db"
    assert main(["serve", model, "--port", "0", "--tracking-uri", store]) in (1, 2)
    error = capfd.readouterr().err
    assert words in error and "Traceback" not in error
    assert list(tmp_path.iterdir()) == []
