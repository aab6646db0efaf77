"""A Ray cluster of several raylets on this machine, in a process of its own.

Started as a script it makes a head and speaks lines: `add` on standard input makes a further node
and prints its raylet's process id; when standard input closes, everything is stopped.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from family import MARK

CPUS_A_NODE = 1


class RayNodes:
    """The cluster, seen from a test.

    Args:
        environment: with the token that joins it (`RAY_AUTH_TOKEN`).
        folder: for what it has to say.

    Attributes:
        address: to join it at.
        pid, mark: by which `family` knows its processes.
        second: process id of the raylet that was added last.
    """

    second: int = 0

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        mark = secrets.token_hex(8)
        with (folder / "ray_nodes.log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, str(Path(__file__).resolve())],
                env={**os.environ, **environment, MARK: mark},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        self.environment = environment
        self.mark, self.pid = mark, self._process.pid
        self.address = str(self._answer()["address"])

    def add(self) -> int:
        """A further node of one core; the process id of its raylet."""
        assert self._process.stdin is not None
        self._process.stdin.write("add\n")
        self._process.stdin.flush()
        self.second = int(self._answer()["raylet"])
        return self.second

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the Ray cluster did not start, see ray_nodes.log"
        return json.loads(line)

    def __enter__(self) -> RayNodes:
        return self

    def __exit__(self, *error: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(60)


def _serve() -> None:
    from ray.cluster_utils import Cluster

    out = sys.stdout
    sys.stdout = sys.stderr

    def say(**words: object) -> None:
        print(json.dumps(words), file=out, flush=True)

    node = {
        "num_cpus": CPUS_A_NODE,
        "include_dashboard": False,
        "object_store_memory": 128 * 2**20,
    }
    cluster = Cluster(initialize_head=True, head_node_args=node)
    say(address=cluster.address)
    raylets: list[subprocess.Popen[bytes]] = []
    threading.Thread(target=_reap, args=(raylets,), daemon=True).start()
    for _ in sys.stdin:
        added = cluster.add_node(**node)
        (raylet,) = added.all_processes["raylet"]
        raylets.append(raylet.process)
        say(raylet=raylet.process.pid)
    cluster.shutdown()


def _reap(raylets: list[subprocess.Popen[bytes]]) -> None:
    """Lets a killed raylet be gone, as it is where `ray start` made it.

    Workers look for its process to see that they are orphans, and a zombie still counts as one.
    """
    while True:
        for raylet in raylets:
            raylet.poll()
        time.sleep(0.2)


if __name__ == "__main__":
    _serve()
