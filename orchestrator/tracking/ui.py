"""`mlflow ui` over a tracking store, on this machine only, until Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from orchestrator.study.uris import masked, sqlite_path
from orchestrator.tracking.bound import start_bound
from orchestrator.tracking.ui_auth import Login, prepare_login
from search_spaces.errors import UsageError

HOST = "127.0.0.1"
FIRST_PORT = 5000


def serve(
    tracking_uri: str,
    port: int | None = None,
    *,
    auth: bool = False,
    announce: Callable[[str], None] = print,
) -> int:
    """Show the runs in `tracking_uri` until Ctrl-C; the server's exit code.

    Args:
        tracking_uri: absolute, as `orchestrator.study.uris.tracking_uri` gives it.
        port: to listen on (default: the first free one from 5000).
        auth: ask everybody for a name and a password, see `ui_auth.py`.
        announce: is told the address, in a sentence, and how to log in.

    Raises:
        UsageError: the port is in use (names the nearest free one), or there is no such store; or
            as `prepare_login`.
        UnavailableError: as `prepare_login`.
    """
    if tracking_uri.startswith(("http://", "https://")):
        announce(f"These runs have a server already: {masked(tracking_uri)}")
        return 0
    path = sqlite_path(tracking_uri)
    if path is not None and not path.exists():
        hint = "Run a search first, or name another --tracking-uri."
        raise UsageError("The tracking store must exist.", got=masked(tracking_uri), hint=hint)
    folder = path.parent if path else Path.cwd()
    login = prepare_login(folder) if auth else None
    chosen = choose_port(port)
    announce(f"http://{HOST}:{chosen} shows the runs in {masked(tracking_uri)}; Ctrl-C ends it.")
    if login is not None:
        announce(login.words)
    return _run(tracking_uri, chosen, folder, login)


def choose_port(port: int | None) -> int:
    """`port` if it is free; without one, the first free one from 5000.

    Raises:
        UsageError: it is in use, or not ours to take; names the nearest that is free.
    """
    if port is None:
        return nearest_free(FIRST_PORT)
    reason = why_taken(port)
    if reason:
        hint = f"Free now: --port {nearest_free(port)}."
        raise UsageError(
            f"--port must be one that can be listened on: {reason}.", got=port, hint=hint
        )
    return port


def server_command(port: int, *, auth: bool = False) -> list[str]:
    """What is started; the store's address goes through the environment, unseen in `ps`."""
    place = ["--host", HOST, "--port", str(port)]
    app = ["--app-name", "basic-auth"] if auth else []
    return [sys.executable, "-m", "mlflow", "server", *place, *app, "--workers", "1"]


def server_environment(tracking_uri: str, login: Login | None = None) -> dict[str, str]:
    """Without job workers, which would take 1.5 GB for nothing that these pages need."""
    return {
        **os.environ,
        **(login.environment if login else {}),
        "MLFLOW_BACKEND_STORE_URI": tracking_uri,
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }


def _run(tracking_uri: str, port: int, folder: Path, login: Login | None) -> int:
    # In the store's own folder: MLflow's relative default for artifacts then means the same.
    process = start_bound(
        server_command(port, auth=login is not None),
        env=server_environment(tracking_uri, login),
        cwd=folder,
    )
    try:
        with _as_ctrl_c(signal.SIGTERM):
            return process.wait()
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        return 0


@contextlib.contextmanager
def _as_ctrl_c(number: signal.Signals) -> Iterator[None]:
    """Takes a signal for a Ctrl-C; only the main thread may say what a signal does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(number, before)


def nearest_free(port: int) -> int:
    """`port` if it is free, else the next one, else one below it.

    Raises:
        UsageError: there is none.
    """
    above = range(max(port, 1024), 65536)
    below = range(min(port, 65535), 1023, -1)
    for candidate in (*above, *below):
        if not why_taken(candidate):
            return candidate
    raise UsageError("There must be a free port on this machine; there is none.")


def why_taken(port: int) -> str:
    """Why `port` cannot be listened on, in words; empty when it can."""
    with socket.socket() as probe:
        # As servers do: a port whose last connections are only fading out is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except (OSError, OverflowError) as error:
            return (getattr(error, "strerror", None) or str(error)).lower()
    return ""
