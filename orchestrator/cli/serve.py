"""`orchestrator serve MODEL`: a model behind HTTP, for this machine only unless told otherwise."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestrator.cli.options import MACHINES, TrackingUri, option

_SERVING = "Serving"

Model = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help=(
            "NAME@ALIAS or NAME (its champion), followed where it moves; NAME/VERSION, models:/, "
            "or a model's folder."
        ),
        show_default=False,
    ),
]
Host = Annotated[
    str | None,
    option("--host", "ADDRESS", MACHINES, "Address to listen on.", "127.0.0.1: this machine only"),
]
Port = Annotated[
    int | None,
    option(
        "--port", "N", MACHINES, "TCP port to listen on; 0: any.", "first free from 8000",
        min=0, max=65535,
    ),
]  # fmt: skip
AllowedHosts = Annotated[
    str | None,
    option(
        "--allowed-hosts", "NAMES", MACHINES,
        "Further names by which clients may call it, separated by commas.",
        "localhost, addresses, and beyond this machine its own name",
    ),
]  # fmt: skip
Threads = Annotated[
    int | None,
    option(
        "--threads", "N", MACHINES, "CPU threads of a pass through the net.", "all cores", min=1
    ),
]
ReloadSeconds = Annotated[
    float | None,
    option(
        "--reload-seconds", "SECONDS", _SERVING,
        "Time between two looks at where the alias points.", "5", min=0.1,
    ),
]  # fmt: skip
Batching = Annotated[
    bool,
    typer.Option(
        "--batching/--no-batching",
        rich_help_panel=_SERVING,
        help="Whether requests that wait at the same time go through the net together.",
    ),
]
MaxBatch = Annotated[
    int | None,
    option("--max-batch", "N", _SERVING, "Images in one pass through the net.", "64", min=1),
]
MaxWaitMs = Annotated[
    float | None,
    option(
        "--max-wait-ms", "MS", _SERVING,
        "Milliseconds that a pass waits for requests that are still being read.", "2", min=0,
    ),
]  # fmt: skip


def serve(
    model: Model,
    host: Host = None,
    port: Port = None,
    allowed_hosts: AllowedHosts = None,
    reload_seconds: ReloadSeconds = None,
    batching: Batching = True,
    max_batch: MaxBatch = None,
    max_wait_ms: MaxWaitMs = None,
    threads: Threads = None,
    tracking_uri: TrackingUri = None,
) -> None:
    """Serve a model: images at /predict, MLflow's protocol, a page at /; Ctrl-C ends it."""
    from orchestrator.serving.settings import ServeSettings

    names = tuple(name.strip() for name in (allowed_hosts or "").split(",") if name.strip())
    given = {
        "host": host, "port": port, "reload_seconds": reload_seconds, "max_batch": max_batch,
        "max_wait_ms": max_wait_ms, "threads": threads,
    }  # fmt: skip
    settings = ServeSettings(
        batching=batching,
        allowed_hosts=names,
        **{name: value for name, value in given.items() if value is not None},  # type: ignore[arg-type]
    )
    from orchestrator.serving.serve import serve as serving

    try:
        serving(model, settings=settings, tracking_uri=tracking_uri, say=_tell)
    except KeyboardInterrupt:  # before it listened
        raise typer.Exit(130) from None


def _tell(line: str) -> None:
    typer.echo(line, err=True)
