"""Evaluations and MLflow: files beside the run, runs and models by their URIs, stores away."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from evaluated_study import make_study
from torch import nn

from orchestrator.evaluating.evaluate import evaluate as evaluate_and_draw
from orchestrator.using.refusal import RefusedModel
from search_spaces.errors import OrchestratorError, UnavailableError, UsageError
from trainables.data import load

evaluate = partial(evaluate_and_draw, pictures=False, masking_seconds=0)


def test_a_server_that_is_away_loses_no_file(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    made = make_study(tmp_path, tracking_uri=f"http://127.0.0.1:{port}")
    found = evaluate("small/0", storage=made.storage)
    assert f"127.0.0.1:{port} is away" in found.unsent
    assert all(path.is_file() for path in found.files) and len(found.files) == 2


def test_a_store_that_there_is_not_is_not_made(tmp_path: Path) -> None:
    made = make_study(tmp_path)
    assert "mlflow.db" in evaluate("small/0", storage=made.storage).unsent
    for what in ("0" * 32, "models:/none/1"):
        with pytest.raises(UnavailableError, match="no such file"):
            evaluate(what, storage=made.storage, tracking_uri=f"sqlite:///{tmp_path}/mlflow.db")
    assert not (tmp_path / "mlflow.db").exists()


@dataclass(frozen=True)
class Searched:
    """A real search that has ended, its best trial's number and run, and its kept model."""

    folder: Path
    storage: str
    tracking_uri: str
    number: int
    run_id: str
    model: str
    model_name: str
    metrics: dict[str, float]


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searched]:
    """One trial of a net from scratch, in this process, with MLflow and a kept model."""
    from mlflow import MlflowClient

    from orchestrator.api import search

    folder = tmp_path_factory.mktemp("searched")
    before = Path.cwd()
    os.chdir(folder)
    try:
        result = search(
            data="digits", train_size=120, val_size=60, backbones=["mini_vgg"], trials=1,
            settings={"tune": "all", "width": 8, "depth": 2, "epochs": 3, "attack": "none"},
            local=True, study="real", keep_models=1,
        )  # fmt: skip
    finally:
        os.chdir(before)
    assert result.unsent == "" and result.best is not None
    client = MlflowClient(result.tracking_uri)
    experiment = client.get_experiment_by_name("orchestrator")
    (model,) = client.search_logged_models([experiment.experiment_id])
    yield Searched(
        folder, result.storage, result.tracking_uri, result.best.number,
        str(result.best.run_id), f"models:/{model.model_id}", str(model.name),
        dict(result.best.metrics),
    )  # fmt: skip


@pytest.mark.slow
def test_the_files_are_beside_the_trials_run(searched: Searched) -> None:
    from mlflow import MlflowClient

    found = evaluate_and_draw("real", storage=searched.storage, masking_seconds=0)
    assert found.unsent == "" and found.evaluation.accuracy == searched.metrics["val_acc"]
    client = MlflowClient(searched.tracking_uri)
    there = {entry.path for entry in client.list_artifacts(searched.run_id, "evaluation")}
    assert there == {f"evaluation/{path.name}" for path in found.files} and len(there) == 6


@pytest.mark.slow
def test_a_run_is_its_trial_and_a_model_says_the_same(searched: Searched) -> None:
    places = {"storage": searched.storage, "tracking_uri": searched.tracking_uri}
    by_run = evaluate(searched.run_id, **places)
    # The exported graph is attacked node by node: as it is loaded, no gradient goes through it.
    by_model = evaluate_and_draw(searched.model, **places, masking_seconds=5, pictures=False)
    assert by_model.masking is not None and not by_model.masking.skipped
    assert "zero_gradients" not in by_model.masking.names
    by_name = evaluate(f"runs:/{searched.run_id}/{searched.model_name}", **places)
    assert by_name.evaluation.confusion == by_model.evaluation.confusion
    for found in (by_run, by_model):
        assert (found.study, found.trial, found.counted_for) == ("real", searched.number, "study")
    assert by_run.evaluation.accuracy == searched.metrics["val_acc"]
    # The exported graph is float32, the trial perhaps bfloat16: logits differ by its rounding.
    assert by_model.evaluation.loss == pytest.approx(searched.metrics["val_loss"], abs=0.02)
    assert by_model.folder == by_run.folder / "model"


@pytest.mark.slow
def test_a_run_without_its_study_is_put_together_from_mlflow(
    searched: Searched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = evaluate(searched.run_id, tracking_uri=searched.tracking_uri)
    assert found.evaluation.accuracy == searched.metrics["val_acc"]
    assert (found.study, found.counted_for, found.run_id) == (None, "data", searched.run_id)
    assert found.folder == Path(f"evaluation-{searched.run_id}")
    assert sorted(path.name for path in tmp_path.iterdir()) == [str(found.folder)]


class BareNet(nn.Module):
    """Ten logits of a linear layer on the pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Linear(32 * 32 * 3, 10)

    def forward(self, images_NHWC: torch.Tensor) -> torch.Tensor:
        """uint8 [N, 32, 32, 3] -> [N, 10]."""
        logits_NK: torch.Tensor = self.last(images_NHWC.flatten(1).float() / 255)
        return logits_NK


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store with version 1 of `bare`, `bare@best` (an exported net) and of `pickled`."""
    import mlflow.pytorch
    from mlflow import MlflowClient

    from orchestrator.tracking.store import open_client

    folder = tmp_path_factory.mktemp("bare")
    uri = f"sqlite:///{folder}/mlflow.db"
    client: MlflowClient = open_client(uri)
    images = np.zeros((2, 32, 32, 3), np.uint8)
    net = BareNet().eval()
    options = {"input_example": images, "pip_requirements": ["torch"]}
    for name, form in (("bare", "pt2"), ("pickled", "pickle")):
        path = folder / name
        mlflow.pytorch.save_model(net, str(path), serialization_format=form, **options)
        client.create_registered_model(name)
        client.create_model_version(name, str(path))
    client.set_registered_model_alias("bare", "best", "1")
    return uri


@pytest.mark.slow
@pytest.mark.parametrize("model", ["models:/bare/1", "models:/bare/latest", "models:/bare@best"])
def test_a_bare_model_on_data_that_is_named(
    bare: str, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = evaluate(model, split="test", data="digits", tracking_uri=bare)
    assert found.evaluation.count == load("digits").test_count
    assert (found.study, found.run_id, found.counted_for) == (None, None, "data")
    kept = json.loads((found.folder / "evaluation-test.json").read_text())
    assert kept["provenance"]["evaluated"] == model
    assert [path.name for path in tmp_path.iterdir()] == [str(found.folder)]  # and no store here


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "options", "kind", "says"),
    [
        ("models:/bare/1", {"split": "test"}, UsageError, "--data NAME"),
        ("models:/bare/1", {"data": "digits"}, UsageError, "--split test"),
        ("models:/bare/one", {"data": "digits"}, UsageError, "models:/NAME/VERSION"),
        ("models:/bare@worst", {"data": "digits"}, UsageError, "bare@worst is not in"),
        ("runs:/0", {"data": "digits"}, UsageError, "runs:/RUN/PATH"),
        ("models:/bare/7", {"data": "digits"}, UsageError, "models:/bare/7 is not in"),
        ("models:/pickled/1", {"data": "digits"}, RefusedModel, "pickle"),
    ],
)
def test_what_cannot_be_done_with_a_model_is_told(
    bare: str, model: str, options: dict[str, str], kind: type[OrchestratorError], says: str
) -> None:
    with pytest.raises(kind, match=says):
        evaluate(model, tracking_uri=bare, **options)
