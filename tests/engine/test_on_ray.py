"""The engine on a real Ray: the same outcomes as in one process, and what only Ray can do."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import psutil
import pytest
from toy_spaces import BATCHES

from orchestrator.run.cluster import cluster
from orchestrator.study.budget import Budget
from orchestrator.study.facts import read_facts
from orchestrator.study.queue import enqueue
from orchestrator.study.spec import ObjectiveSpec, PrunerSpec


@pytest.fixture(scope="module", autouse=True)
def ray_session() -> Iterator[None]:
    """One Ray for all tests of this file, with two logical GPUs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent))
        with cluster(None, cpus=2, gpus=2):
            yield


def run(this, *, concurrency: int = 2, cpus: float = 1, gpus: float = 0) -> None:
    from orchestrator.run.on_ray import run_on_ray

    run_on_ray(
        this.conductor,
        this.spec.folder,
        concurrency=concurrency,
        cpus_per_trial=cpus,
        gpus_per_trial=gpus,
    )


def test_the_number_of_trials_is_exact_and_actors_are_reused(toy):
    this = toy("quadratic", trials=12)
    run(this)
    assert this.states() == ["COMPLETE"] * 12
    for trial in this.study.get_trials():
        assert trial.value == pytest.approx(1 - (trial.params["dropout"] - 0.3) ** 2)
        assert sorted(trial.intermediate_values) == [1, 2, 3]
    processes = {trial.user_attrs["metrics"]["process"] for trial in this.study.get_trials()}
    assert len(processes) <= 3  # two at a time; a third may have been started ahead
    assert not (this.spec.folder / "ray").exists()


def test_how_trials_end(toy):
    this = toy("picky", trials=4, space=BATCHES)
    for batch_size in (16, 32, 64, 128, 256, 1, 2):
        this.study.enqueue_trial({"batch_size": batch_size})
    run(this)
    by_size = {trial.params["batch_size"]: trial for trial in this.study.get_trials()}
    assert {size: trial.state.name for size, trial in by_size.items()} == {
        16: "PRUNED", 32: "FAIL", 64: "FAIL", 128: "PRUNED", 256: "FAIL",
        1: "COMPLETE", 2: "COMPLETE",
    }  # fmt: skip
    assert "ZeroDivisionError" in read_facts(by_size[64]).reason
    assert "without a final report" in read_facts(by_size[256]).reason


def test_a_killed_worker_is_not_the_trials_fault(toy, tmp_path):
    this = toy("dies_once", trials=1, data_dir=str(tmp_path))
    run(this)
    assert this.states() == ["COMPLETE"]
    facts = read_facts(this.study.get_trials()[0])
    assert (facts.attempt, facts.losses) == (2, 1)


def test_a_trial_that_kills_every_worker_is_given_up(toy):
    this = toy("dies_always", trials=1, budget=Budget(1, failures_allowed=1))
    run(this, concurrency=1)
    assert this.states() == ["FAIL"]
    facts = read_facts(this.study.get_trials()[0])
    assert facts.attempt == 3
    assert "worker went away" in facts.reason


def test_a_stop_comes_within_seconds(toy):
    this = toy("endless", trials=4)
    asked: list[float] = []

    def ask() -> None:
        while len([row for row in this.board.snapshot().rows if row.metrics]) < 2:
            time.sleep(0.1)
        asked.append(time.monotonic())
        this.stop.request("stopped by hand")

    threading.Thread(target=ask, daemon=True).start()
    run(this)
    assert time.monotonic() - asked[0] < 10
    assert sorted(this.states()) == ["WAITING", "WAITING"]


def test_a_stopped_trials_generator_is_closed_before_its_actor_is_reused(toy, tmp_path):
    """ASHA that keeps the best half stops these: each is worse than the one before."""
    fields = {
        "pruner": PrunerSpec(name="asha", options={"first_rung": 1, "reduction": 2}),
        "gate": ObjectiveSpec(metric="val_acc"),
        "fidelity": "epochs",
        "exempt_share": 0.0,
    }
    this = toy("leaves_word", trials=4, spec_fields=fields, data_dir=str(tmp_path))
    for dropout in (0.3, 0.5, 0.7, 0.9):
        enqueue(this.study, {"dropout": dropout}, "try")
    run(this, concurrency=1)
    assert this.states() == ["COMPLETE", "PRUNED", "PRUNED", "PRUNED"]
    words = sorted(path.name.split("-") for path in tmp_path.glob("0.*-*"))
    # Each by its own word, the one that ended well after its last report too.
    assert [dropout for dropout, _ in words] == ["0.300000", "0.500000", "0.700000", "0.900000"]
    assert len({process for _, process in words}) <= 2  # one at a time; another may be ahead


@pytest.mark.parametrize(
    ("gpus", "at_once"),
    [
        (1, 2),
        pytest.param(0.5, 4, marks=pytest.mark.slow),
        pytest.param(2, 1, marks=pytest.mark.slow),
    ],
)
def test_gpu_shares_bound_what_runs_at_once(toy, tmp_path, gpus, at_once):
    """Two GPUs hold 2 trials of one GPU, 4 of half a GPU, 1 of two."""
    this = toy("counted", trials=at_once + 1, seed=at_once, data_dir=str(tmp_path))
    run(this, concurrency=8, cpus=0.25, gpus=gpus)
    assert this.states() == ["COMPLETE"] * (at_once + 1)
    seen = [trial.user_attrs["metrics"]["most_at_once"] for trial in this.study.get_trials()]
    assert max(seen) == at_once


def is_loopback(text: str) -> bool:
    address = ip_address(text)
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def test_nothing_listens_beyond_this_machine():
    ours = {child.pid for child in psutil.Process().children(recursive=True)}
    listening = {
        connection.laddr.ip
        for connection in psutil.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN and connection.pid in ours
    }
    assert listening  # the control store, the raylet and the workers
    assert {ip for ip in listening if not is_loopback(ip)} == set()
