"""`orchestrator ui`: the MLflow pages of the runs, in a browser, on this machine only."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestrator.cli.options import MACHINES, TrackingUri, flag, option

Port = Annotated[
    int | None,
    option(
        "--port", "N", MACHINES, "TCP port to listen on.", "first free from 5000", min=1, max=65535
    ),
]
Auth = Annotated[
    bool,
    flag(
        "--auth",
        MACHINES,
        "Ask for a name and a password: MLFLOW_AUTH_ADMIN_PASSWORD, else one that is made up and "
        "kept in mlflow-auth/admin-password beside the store.",
    ),
]


def ui(tracking_uri: TrackingUri = None, port: Port = None, auth: Auth = False) -> None:
    """Show the runs in a browser (MLflow's own pages), for this machine only; Ctrl-C ends it."""
    from orchestrator.study.uris import tracking_uri as resolved
    from orchestrator.tracking.ui import serve

    raise typer.Exit(serve(resolved(tracking_uri), port, auth=auth, announce=_tell))


def _tell(line: str) -> None:
    typer.echo(line, err=True)
