"""What MLflow allows: names, lengths, and how much at once; held to MLflow's own checks."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric
from plain_study import plain_study

from orchestrator.tracking.batches import allowed_name, send_batch


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("val_acc", "val_acc"),
        ("loss/train", "loss/train"),
        ("größe: 3", "größe: 3"),
        ("f(x)=y", "f_x__y"),
        ("a//b", "a__b"),
        ("/top", "_top"),
        ("../up", "___up"),
        (".", "_"),
        ("", "_"),
        ("n" * 300, "n" * 250),
    ],
)
def test_names(store: str, name: str, allowed: str) -> None:
    assert allowed_name(name) == allowed
    client = MlflowClient(store)
    run = client.create_run("0").info.run_id
    client.log_metric(run, allowed, 1.0)  # raises where MLflow bars it
    client.log_param(run, allowed, "1")


def test_more_than_one_call_may_hold(store: str) -> None:
    client = MlflowClient(store)
    run = client.create_run("0").info.run_id
    rows = [Metric(f"m{n % 3}", float(n), n, n) for n in range(2500)]
    params = {f"p{n}": "v" for n in range(230)}
    send_batch(client, run, params=params, metrics=rows, tags={f"t{n}": "v" for n in range(150)})
    held = client.get_run(run).data
    assert len(held.params) == 230
    assert sum(name.startswith("t") for name in held.tags) == 150
    steps = [row.step for n in range(3) for row in client.get_metric_history(run, f"m{n}")]
    assert sorted(steps) == list(range(2500))


def test_names_that_come_to_the_same(tmp_path: Path, store: str) -> None:
    study = plain_study(tmp_path, store)
    number = study.start()
    study.end(number, metrics={"score": 1.0, "a+b": 2.0, "a*b": 3.0, "not/": 4.0})
    result = study.sync()
    assert result.complete
    held = MlflowClient(store).get_run(result.run_ids[0]).data.metrics
    assert held == {"score": 1.0, "a_b": 3.0, "not_": 4.0}
