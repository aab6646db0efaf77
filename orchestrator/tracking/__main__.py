"""`python -m orchestrator.tracking`: the process that sends a study to MLflow.

It goes on until its standard input closes. The first line there is a JSON object with `storage`,
`study`, `tracking_uri`, `pictures` and `driver`: passwords must not stand among the arguments,
where every user of the machine can read them.
"""

from __future__ import annotations

import json
import os
import sys

_NICE = 10  # trials come first


def main() -> int:
    """0 when all was sent, 3 when something is left, 2 for a study that cannot be read."""
    os.nice(_NICE)
    hello = json.loads(sys.stdin.readline() or "{}")
    storage, study = hello["storage"], hello["study"]

    from orchestrator.tracking.follow import Follower, log_into, main_streams
    from orchestrator.tracking.projection import Projection
    from orchestrator.tracking.result import SyncResult
    from search_spaces.errors import OrchestratorError

    source, sink = main_streams()
    follower = Follower(source, sink, pictures=hello.get("pictures", True))
    options = {"tracking_uri": hello.get("tracking_uri"), "driver": hello.get("driver", "")}
    try:
        projection = follower.open(lambda: Projection(storage, study, **options))
    except OrchestratorError as error:
        print(SyncResult(study, left=("everything",), note=str(error)).to_json(), file=sink)
        print(error, file=sys.stderr)
        return 2
    log_into(projection.folder)
    return 0 if follower.follow(projection).complete else 3


if __name__ == "__main__":
    sys.exit(main())
