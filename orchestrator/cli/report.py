"""`orchestrator report STUDY`: a study as one page to read, to send and to keep."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from orchestrator.cli.answer import print_json, stdout_kept_clean
from orchestrator.cli.options import OUTPUT, AnyStudy, Json, Storage, TrackingUri, flag, option

Out = Annotated[
    Path | None,
    option("--out", "FOLDER", OUTPUT, "Where the files go.", "report/ in the study's folder"),
]
NoMlflow = Annotated[
    bool, flag("--no-mlflow", OUTPUT, "Leave the study's MLflow run as it is; only the files.")
]


def report(
    study: AnyStudy = None,
    out: Out = None,
    no_mlflow: NoMlflow = False,
    storage: Storage = None,
    tracking_uri: TrackingUri = None,
    as_json: Json = False,
) -> None:
    """Write a study's report: one HTML page that needs no network, and the same as Markdown."""
    with stdout_kept_clean(as_json) as stream:
        from orchestrator.reporting.report import report as make

        made = make(study, out, storage=storage, tracking_uri=tracking_uri, send=not no_mlflow)
        if as_json:
            print_json(made.to_json(), file=stream)
            return
    from orchestrator.views.report_text import print_report

    print_report(made, sys.stdout)
