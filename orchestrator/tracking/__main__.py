"""`python -m orchestrator.tracking`: the process that sends a study to MLflow.

With `--follow` it goes on until its standard input closes; its first line there is a JSON object
that may hold `storage`, `study` and `tracking_uri`, so that passwords need not stand among the
arguments, where every user of the machine can read them.
"""

from __future__ import annotations

import argparse
import json
import os
import sys

_NICE = 10  # trials come first


def main() -> int:
    """0 when all was sent, 3 when something is left, 2 for a study that cannot be read."""
    arguments = _parse()
    os.nice(_NICE)
    held = json.loads(sys.stdin.readline() or "{}") if arguments.hello else {}
    storage = held.get("storage") or arguments.storage
    study = held.get("study") or arguments.study
    tracking_uri = held.get("tracking_uri") or arguments.tracking_uri

    from orchestrator.tracking.follow import follow, log_into, main_streams
    from orchestrator.tracking.projection import Projection
    from orchestrator.tracking.result import SyncResult
    from search_spaces.errors import OrchestratorError

    source, sink = main_streams()
    try:
        projection = Projection(storage, study, tracking_uri=tracking_uri)
    except OrchestratorError as error:
        print(SyncResult(str(study), left=("everything",), note=str(error)).to_json(), file=sink)
        print(error, file=sys.stderr)
        return 2
    if arguments.follow:
        log_into(projection.folder)
        return 0 if follow(projection, source, sink).complete else 3
    result = projection.run_pass(last=True, again=True)
    print(result.to_json(), file=sink)
    return 0 if result.complete else 3


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m orchestrator.tracking", description=__doc__)
    parser.add_argument("--storage", help="Optuna storage URL")
    parser.add_argument("--study", help="name of the study")
    parser.add_argument("--tracking-uri", help="instead of the study's own")
    parser.add_argument("--follow", action="store_true", help="until standard input closes")
    parser.add_argument("--hello", action="store_true", help="read a first line of JSON")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
