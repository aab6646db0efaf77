"""MLflow's pages: the port they listen on, and that they show what was sent."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from mlflow_server import Server, free_port
from study_by_hand import create_study

from orchestrator.tracking.ui import choose_port, serve
from search_spaces.errors import UsageError

_SERVE = (
    "import sys; from orchestrator.tracking.ui import serve; serve(sys.argv[1], int(sys.argv[2]))"
)


def test_a_port_in_use_names_the_nearest_free_one() -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen(1)
        port = busy.getsockname()[1]
        with pytest.raises(UsageError, match=r"in use.*--port \d+") as caught:
            choose_port(port)
    nearest = int(str(caught.value).rsplit("--port ", 1)[1].rstrip("."))
    assert 0 < nearest - port < 50
    assert choose_port(nearest) == nearest


def test_no_port_asked_for_gives_a_free_one() -> None:
    port = choose_port(None)
    assert port > 1023  # which only root may use
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", port))  # raises OSError where it is taken
        assert choose_port(None) != port


def test_a_store_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"must exist"):
        serve(f"sqlite:///{tmp_path}/mlflow.db", None)
    assert not (tmp_path / "mlflow.db").exists()


def test_a_server_is_pointed_at_with_its_password_masked() -> None:
    lines: list[str] = []
    assert serve("http://me:s3cret@mlflow.example:80", None, announce=lines.append) == 0
    assert "mlflow.example" in lines[0] and "s3cret" not in lines[0]


@pytest.mark.slow
def test_ctrl_c_ends_it_and_its_server(store: str) -> None:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", _SERVE, store, str(port)])
    try:
        _answer(f"http://127.0.0.1:{port}/health", process)
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(120) == 0
    finally:
        process.kill()
    assert choose_port(port) == port


def _answer(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 90
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"{url} gave no answer")


@pytest.mark.needs("chromium")
def test_pages_show_names_answer_and_links(tmp_path: Path, server: Server) -> None:
    study = create_study(tmp_path, server.uri, experiment="pages")
    study.add_finished(0.8)
    study.add_unsuccessful("failed", "the loss was not finite")
    result = study.sync()
    assert result.complete, result
    place = f"{server.uri}/#/experiments/{result.experiment_id}/runs"
    flat = _page(f"{place}?orderByKey=metrics.%60val_acc%60&orderByAsc=false", tmp_path)
    assert all(name in flat for name in ("compare-1", *study.labels))
    parent = _page(f"{place}/{result.parent_run_id}", tmp_path)
    assert "is the most accurate here?" in parent
    for run_id in result.run_ids.values():
        assert f'href="#/experiments/{result.experiment_id}/runs/{run_id}"' in parent


def _page(url: str, folder: Path) -> str:
    """The page as it stands once its scripts have run."""
    run = subprocess.run(
        [
            "chromium", "--headless=new", "--no-sandbox", "--disable-gpu",
            f"--user-data-dir={folder}/profile", "--virtual-time-budget=20000",
            "--window-size=1600,1200", "--dump-dom", url,
        ],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    return run.stdout
