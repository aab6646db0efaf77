"""`python -m orchestrator.run.trying`: starts Ray as a search does, runs a task on it, stops it.

What `orchestrator doctor --full` runs, in a process that it can end. Exit status 1 with the reason
on the last line of the output.
"""

from __future__ import annotations

import sys

from orchestrator.run.cluster import cluster
from search_spaces.errors import OrchestratorError


def main() -> int:
    """0 if a task gave its answer."""
    try:
        with cluster(None, cpus=1):
            import ray

            answer = ray.get(ray.remote(_add).remote(40, 2))
    except OrchestratorError as error:
        print(" ".join(str(error).split()))
        return 1
    except Exception as error:  # whatever Ray raises where a worker cannot be started
        print(f"{type(error).__name__}: {' '.join(str(error).split())}")
        return 1
    return 0 if answer == 42 else 1


def _add(a: int, b: int) -> int:
    return a + b


if __name__ == "__main__":
    sys.exit(main())
