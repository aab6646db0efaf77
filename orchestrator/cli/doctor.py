"""`orchestrator doctor`: whether this machine can run a search, and what to do where it cannot."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestrator.cli.answer import print_json, stdout_kept_clean
from orchestrator.cli.failing import FAILED
from orchestrator.cli.options import OUTPUT, Json, Storage, TrackingUri, WeightsDir, flag, option
from orchestrator.cli.quantities import names

Full = Annotated[bool, flag("--full", OUTPUT, "Also start Ray and run something on it.")]
Only = Annotated[
    str | None, option("--only", "A,B", OUTPUT, "Only these checks, such as ray,storage.", "all")
]


def doctor(
    full: Full = False,
    only: Only = None,
    storage: Storage = None,
    tracking_uri: TrackingUri = None,
    weights_dir: WeightsDir = None,
    as_json: Json = False,
) -> None:
    """Look at Python, torch, memory, disk, Ray, stores, weights, data, ports: fine, or what to do.

    Changes nothing. The exit status is 1 where something would stop a search.
    """
    with stdout_kept_clean(as_json) as out:
        from orchestrator.doctor import DoctorRequest, Examination, examining
        from orchestrator.views.examination_text import ExaminationView

        request = DoctorRequest(storage, tracking_uri, weights_dir, full)
        view = None if as_json else ExaminationView()
        checks = []
        for examined in examining(request, names(only) or ()):
            checks.append(examined)
            if view is not None:
                view.show(examined)
        found = Examination(tuple(checks))
        if view is None:
            print_json(found.to_json(), file=out)
        else:
            view.end(found)
    if found.stopping:
        raise typer.Exit(FAILED)
