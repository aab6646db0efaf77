"""Options that several commands share; each help text says the unit and the default."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

DATA, BODIES, SEARCH = "Data and labels", "Backbones", "What to try"
MACHINES, RESULTS, OUTPUT = "Machines", "Where results go", "Output"
"""The panels of the help text."""


def option(flag: str, metavar: str, panel: str, help: str, default: str, **bounds: Any) -> Any:
    """An option whose help says its default in words, since None means "you decide"."""
    words = rf"{help} [dim]\[default: {default}][/dim]"
    return typer.Option(
        flag, metavar=metavar, rich_help_panel=panel, help=words, show_default=False, **bounds
    )


def flag(name: str, panel: str, help: str) -> Any:
    """An option without a value, off by default."""
    return typer.Option(name, rich_help_panel=panel, help=help)


AnyStudy = Annotated[
    str | None,
    typer.Argument(
        metavar="STUDY",
        help=r"Name of a study. [dim]\[default: the newest][/dim]",
        show_default=False,
    ),
]
Json = Annotated[
    bool, flag("--json", OUTPUT, "Print one JSON object and nothing else (keys: docs/json.md).")
]
Storage = Annotated[
    str | None,
    option(
        "--storage",
        "URL",
        RESULTS,
        "Optuna storage that holds the studies: sqlite:///FILE or postgresql://...",
        "sqlite:///optuna.db, in the working folder",
    ),
]
TrackingUri = Annotated[
    str | None,
    option(
        "--tracking-uri",
        "URI",
        RESULTS,
        "MLflow tracking store or server.",
        "MLFLOW_TRACKING_URI, else sqlite:///mlflow.db in the working folder",
    ),
]
DataDir = Annotated[
    Path | None,
    option(
        "--data-dir",
        "FOLDER",
        DATA,
        "Folder that already holds the data.",
        "the cache, then download",
    ),
]
ImageSize = Annotated[
    int | None,
    option(
        "--image-size",
        "PIXELS",
        DATA,
        "Pixels a side at which folder:PATH is stored.",
        "32",
        min=8,
        max=512,
    ),
]
WeightsDir = Annotated[
    Path | None,
    option(
        "--weights-dir",
        "PATH",
        BODIES,
        "File or folder to look in for weights first.",
        "TORCH_HOME, then the installed weight packages, then download",
    ),
]
Trials = Annotated[
    int | None,
    option(
        "--trials",
        "N",
        SEARCH,
        "Finished trials wanted in all.",
        "the space's: twice the points that come first, or all of a grid",
        min=1,
    ),
]
TimeBudget = Annotated[
    str | None,
    option(
        "--time-budget",
        "TIME",
        SEARCH,
        "Start no new trial after this time: 90s, 30m, 1h30m.",
        "no limit",
    ),
]
CpusPerTrial = Annotated[
    float | None,
    option(
        "--cpus-per-trial",
        "CORES",
        MACHINES,
        "CPU cores a trial, and so its torch threads.",
        "1",
        min=0.01,
    ),
]
GpusPerTrial = Annotated[
    float | None,
    option(
        "--gpus-per-trial",
        "GPUS",
        MACHINES,
        "GPUs a trial; fractions share one.",
        "1 where there are any, else 0",
        min=0,
    ),
]
Concurrency = Annotated[
    int | None,
    option(
        "--concurrency",
        "N",
        MACHINES,
        "Trials at a time.",
        "as many as the cores and GPUs hold",
        min=1,
    ),
]
Address = Annotated[
    str | None,
    option(
        "--address",
        "ADDRESS",
        MACHINES,
        "Join this Ray cluster: auto, or HOST:PORT.",
        "start one here, and stop it again",
    ),
]
Local = Annotated[
    bool, flag("--local", MACHINES, "Run in this process without Ray, one trial at a time.")
]
DryRun = Annotated[bool, flag("--dry-run", OUTPUT, "Show the plan and end; nothing is trained.")]
MaxFailures = Annotated[
    int | None,
    option(
        "--max-failures",
        "N",
        SEARCH,
        "End the search once so many trials have failed in this session.",
        "10",
        min=1,
    ),
]
Target = Annotated[
    str | None,
    option(
        "--target",
        "CONDITION",
        SEARCH,
        "End the search once a trial holds this, such as 'val_acc>=0.9'.",
        "none",
    ),
]
OnBudget = Annotated[
    Literal["finish", "checkpoint"] | None,
    option(
        "--on-budget",
        "finish|checkpoint",
        SEARCH,
        "What running trials do when the time is up: finish, or stop to go on another time.",
        "finish",
    ),
]
Try = Annotated[
    list[str] | None,
    option(
        "--try",
        "POINT",
        SEARCH,
        "Try this point first, such as 'lr=1e-3,dropout=0.2'; once for each point.",
        "none",
    ),
]
AddTrials = Annotated[
    int | None,
    option(
        "--add-trials",
        "N",
        SEARCH,
        "So many finished trials more than the study was to have.",
        "none",
        min=1,
    ),
]
RetryFailed = Annotated[
    bool, flag("--retry-failed", SEARCH, "Run the failed trials of the study again.")
]
