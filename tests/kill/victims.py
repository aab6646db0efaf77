"""What can be killed under a running search: how to find it, and what happens next."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import psutil
from family import ray_workers
from mlflow_away import MlflowServer
from ray_nodes import RayNodes
from real_search import Search

AWAY_SECONDS = 30.0


@dataclass
class Scene:
    """A search under way, and what it stands on.

    Args:
        random: seeded by the test.
        nodes: the cluster of two that it has joined, if any.
        server: where its runs go, if that is a server.
    """

    search: Search
    random: random.Random
    nodes: RayNodes | None = None
    server: MlflowServer | None = None


@dataclass(frozen=True)
class Blow:
    """When it was, Unix seconds, and whom it struck, in words."""

    at: float
    whom: str


@dataclass(frozen=True)
class Victim:
    """One kind of process.

    Args:
        strike: kills one; None where there was none to kill.
        slots: how many of the two trials at a time it takes with it.
        resumes: whether the search must be gone on with by hand.
        joins: whether the search runs on a cluster of two nodes, joined by `--address`.
        serves: whether its runs go to an MLflow server.
        whole_life: whether a moment may lie before the first trial and after the last one.
    """

    name: str
    strike: Callable[[Scene], Blow | None]
    then: str
    slots: int = 0
    resumes: bool = False
    joins: bool = False
    serves: bool = False
    whole_life: bool = False


def _driver(scene: Scene) -> Blow | None:
    if not scene.search.runs:
        return None
    at = time.time()
    scene.search.kill()
    return Blow(at, f"the driver, process {scene.search.process.pid}")


def _worker(scene: Scene) -> Blow | None:
    """Any of them, whether a trial is under way in it or it waits for the next one."""
    while scene.search.runs:
        workers = scene.search.workers()
        if workers:
            worker = scene.random.choice(workers)
            at = time.time()
            with suppress(psutil.NoSuchProcess):  # it has left by itself: the next one
                worker.kill()
                return Blow(at, f"worker {worker.pid}")
        time.sleep(0.02)
    return None


def _raylet(scene: Scene) -> Blow | None:
    """The second node's; a third node comes at once, so that there is as much room as before."""
    assert scene.nodes is not None
    if not scene.search.runs:
        return None
    at = time.time()
    raylet = scene.nodes.second
    os.kill(raylet, signal.SIGKILL)
    scene.nodes.add()
    return Blow(at, f"raylet {raylet} of the second node")


def _server(scene: Scene) -> Blow | None:
    assert scene.server is not None
    if not scene.search.runs:
        return None
    at = time.time()
    scene.server.kill()
    time.sleep(AWAY_SECONDS)
    scene.server.start()
    return Blow(at, f"the MLflow server, away for {time.time() - at:.0f} s")


VICTIMS = {
    victim.name: victim
    for victim in (
        Victim(
            "driver",
            _driver,
            "its Ray goes down with it; resume puts the trials back and goes on",
            slots=2,
            resumes=True,
            whole_life=True,
        ),
        Victim("worker", _worker, "Ray notices; the trial goes on in a new process", slots=1),
        Victim(
            "raylet",
            _raylet,
            "the cluster notices after some 15 s; the trial goes on on another node",
            slots=1,
            joins=True,
        ),
        Victim(
            "server",
            _server,
            "nobody waits; what it missed is sent when it is back",
            serves=True,
        ),
    )
}


def trial_workers(nodes: RayNodes) -> list[str]:
    """Workers of trials that a cluster still has, in words."""
    return [
        f"worker {each.pid} still belongs to a trial" for each in ray_workers(nodes.pid, nodes.mark)
    ]
