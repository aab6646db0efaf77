"""Promotion as a team has it: MLflow behind a server, finalists under Ray, and ONNX."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from orchestrator import search
from orchestrator.promoting.promote import promote
from orchestrator.promoting.rollback import rollback
from orchestrator.tracking.bound import start_bound
from orchestrator.tracking.environment import why_away
from orchestrator.tracking.model_places import find_model
from orchestrator.tracking.registry import read_seats
from orchestrator.tracking.store import open_client
from orchestrator.tracking.ui import choose_port, server_command, server_environment
from orchestrator.using.loading import load_classifier
from trainables.data import load

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

NET = {"tune": "all", "width": 8, "depth": 2, "epochs": 6, "lr": 1e-2, "attack": "fgsm"}


@pytest.fixture
def server(made_store: Path, tmp_path: Path) -> Iterator[str]:
    """The address of a real MLflow server whose files lie where the tests do not look."""
    folder, port = tmp_path / "server", choose_port(None)
    folder.mkdir()
    (folder / "mlflow.db").write_bytes(made_store.read_bytes())
    uri = f"http://127.0.0.1:{port}"
    with (folder / "log").open("wb") as log:
        environment = server_environment(f"sqlite:///{folder}/mlflow.db")
        process = start_bound(server_command(port), env=environment, cwd=folder, output=log)
    try:
        end = time.monotonic() + 90
        while why_away(uri):
            assert time.monotonic() < end and process.poll() is None
            time.sleep(0.5)
        yield uri
    finally:
        process.terminate()
        process.wait(30)


def test_over_a_server_under_ray_and_as_onnx(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    monkeypatch.chdir(tmp_path)
    search(
        data="digits", train_size=300, val_size=100, robust_size=30, backbones=["mini_vgg"],
        settings=NET, trials=2, study="team", tracking_uri=server, local=True, keep_models=0,
    )  # fmt: skip
    asked = {"repeats": 2, "finalists": 2, "attack": "pgd:steps=3", "attack_images": 100}
    made = promote("team", tracking_uri=server, onnx=True, **asked)
    assert (made.done, made.version, made.name) == ("promoted", "1", "digits")
    client = open_client(server)
    assert read_seats(client, "digits").champion == "1"
    version = client.get_model_version("digits", "1")
    evidence = {file.path for file in client.list_artifacts(version.run_id, "promotion")}
    assert "promotion/model_card.md" in evidence
    images_NHWC = load("digits").images_NHWC[:40]
    ours_NK = load_classifier("digits@champion", tracking_uri=server).predict(images_NHWC)
    place = find_model("models:/digits@champion", server).place
    artifacts = get_artifact_repository(place, tracking_uri=server)
    (found,) = [each.path for each in artifacts.list_artifacts() if each.path.endswith(".onnx")]
    session = onnxruntime.InferenceSession(artifacts.download_artifacts(found, str(tmp_path)))
    _, theirs_NK = session.run(None, {"images": np.ascontiguousarray(images_NHWC)})
    np.testing.assert_allclose(theirs_NK, ours_NK, atol=1e-4)
    assert not rollback("digits", tracking_uri=server).done  # there is no previous one
    assert not (tmp_path / "mlflow.db").exists() and not (tmp_path / "mlruns").exists()
