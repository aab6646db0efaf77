"""A promoted model: logged whole, loads anywhere, says the same everywhere."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from exported_trials import ExportedTrial, noise
from mlflow import MlflowClient

from orchestrator.tracking.promoted_model import PromotedModel, log_promoted_model
from orchestrator.tracking.store import open_client
from orchestrator.using.loading import load_classifier
from orchestrator.using.refusal import RefusedModel
from search_spaces.errors import OrchestratorError, TrialFailed, UsageError
from trainables.data import load
from trainables.exporting.latency import LatencyReport
from trainables.exporting.onnx_file import onnx_classifier

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

CARD = "# Colours\n\nWhat it is for."


@dataclass(frozen=True)
class Promoted:
    """A logged model in a store of its own."""

    uri: str
    client: MlflowClient
    run_id: str
    model: PromotedModel
    trial: ExportedTrial

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return Path(self.model.place.removeprefix("file://"))


@pytest.fixture(scope="module")
def promoted(scratch: ExportedTrial, tmp_path_factory: pytest.TempPathFactory) -> Promoted:
    """The small net, logged with an ONNX file and registered as `digits`."""
    pytest.importorskip("onnxruntime")
    folder = tmp_path_factory.mktemp("promoted")
    uri = f"sqlite:///{folder}/mlflow.db"
    client = open_client(uri)
    experiment = client.create_experiment("here", (folder / "mlruns").as_uri())
    run_id = client.create_run(experiment).info.run_id
    model = log_promoted_model(
        scratch.record, client=client, run_id=run_id, model_card=CARD, onnx=True
    )
    client.create_registered_model("digits")
    client.create_model_version("digits", model.place, run_id=run_id)
    client.set_registered_model_alias("digits", "champion", "1")
    return Promoted(uri, client, run_id, model, scratch)


def test_all_of_it_is_logged(promoted: Promoted) -> None:
    model, client = promoted.model, promoted.client
    assert set(model.files) >= {
        "MLmodel", "requirements.txt", "data/model.pt2", "model.onnx", "model_card.md",
        "latency.json", "input_example.json",
    }  # fmt: skip
    assert all((promoted.folder / name).is_file() for name in model.files)
    assert (promoted.folder / "model_card.md").read_text() == CARD
    logged = client.get_logged_model(model.model_id)
    assert str(logged.status) == "READY" and logged.source_run_id == promoted.run_id
    record = promoted.trial.record
    assert json.loads(logged.tags["classes"]) == list(record.report.classes)
    assert logged.tags["precision"] == "float32"
    assert (logged.tags["image_size"], logged.tags["input_size"]) == ("32", "32")
    for name, digest in record.report.digests.items():
        assert logged.tags[f"digest.{name}"] == digest
    assert model.agreement is not None and model.agreement.mean_difference < 1e-4
    assert model.onnx_difference is not None and model.onnx_difference < 1e-4


def test_latency_and_memory_are_figures_of_the_run(promoted: Promoted) -> None:
    held = json.loads((promoted.folder / "latency.json").read_text())
    latency = LatencyReport.from_json(held)
    assert latency == promoted.model.latency
    metrics = promoted.client.get_run(promoted.run_id).data.metrics
    for batch in (1, 64):
        found = latency.at(batch)
        assert metrics[f"latency_ms_{batch}"] == pytest.approx(found.median_ms)
        assert metrics[f"latency_p95_ms_{batch}"] == pytest.approx(found.p95_ms)
        assert metrics[f"peak_memory_mb_{batch}"] == pytest.approx(found.peak_mb)
    assert 0 < latency.at(1).median_ms < latency.at(64).median_ms < 10_000


@pytest.mark.parametrize(
    "model", ["digits", "digits@champion", "digits/1", "models:/digits/latest", "{id}", "{folder}"]
)
def test_every_name_is_the_same_model(promoted: Promoted, model: str) -> None:
    asked = model.format(id=promoted.model.uri, folder=promoted.folder)
    loaded = load_classifier(asked, tracking_uri=promoted.uri)
    images = noise(9, 32, 32, 3)
    np.testing.assert_allclose(
        loaded.predict(images), promoted.trial.ask(images, probabilities=1), atol=1e-6
    )
    np.testing.assert_array_equal(loaded.logits(images), promoted.trial.ask(images))
    registered = model.startswith(("digits", "models:/digits"))
    assert (loaded.name, loaded.version, loaded.uri) == (
        ("digits", "1", "models:/digits/1")
        if registered
        else (promoted.folder.name if model == "{folder}" else asked, None, loaded.uri)
    )
    assert loaded.classes == promoted.trial.record.report.classes
    assert loaded.input_hint == 32


def test_names_that_the_store_does_not_have(promoted: Promoted) -> None:
    for model in ("nobody", "digits@previous", "digits/7", "models:/m-" + "0" * 32):
        with pytest.raises(UsageError, match="is not in"):
            load_classifier(model, tracking_uri=promoted.uri)


def test_mlflow_itself_loads_it_without_pickle(
    promoted: Promoted, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow.pyfunc
    import mlflow.pytorch

    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    model = mlflow.pyfunc.load_model(str(promoted.folder))
    images = noise(3, 20, 30, 3)
    np.testing.assert_array_equal(model.predict(images), promoted.trial.ask(images))
    probabilities_NK = model.predict(images, params={"probabilities": True})
    np.testing.assert_array_equal(probabilities_NK, promoted.trial.ask(images, probabilities=1))
    assert (promoted.folder / "requirements.txt").read_text().count("==") == 3
    module = mlflow.pytorch.load_model(str(promoted.folder))
    assert module.state_dict().keys()


def test_the_onnx_file_beside_it_says_the_same(promoted: Promoted) -> None:
    images = noise(5, 8, 8, 3)
    _, probabilities_NK = onnx_classifier(promoted.folder / "model.onnx")(images)
    expected_NK = promoted.trial.ask(images, probabilities=1)
    assert np.abs(probabilities_NK - expected_NK).max() < 1e-4


def test_a_file_that_was_changed_in_the_store_is_refused(promoted: Promoted) -> None:
    graph = promoted.folder / "data" / "model.pt2"
    held = graph.read_bytes()
    try:
        mlmodel = promoted.folder / "MLmodel"
        text = mlmodel.read_text()
        graph.write_bytes(held[:-1] + bytes([held[-1] ^ 1]))
        mlmodel.write_text(text.replace(promoted.model.digest, "0" * 64))
        with pytest.raises(RefusedModel, match="not the one that was logged"):
            load_classifier("digits@champion", tracking_uri=promoted.uri)
    finally:
        graph.write_bytes(held)
        mlmodel.write_text(text)


def _models(promoted: Promoted) -> list[str]:
    experiment = promoted.client.get_run(promoted.run_id).info.experiment_id
    return [m.model_id for m in promoted.client.search_logged_models([experiment])]


def test_a_net_that_says_something_else_than_its_trial_is_not_logged(promoted: Promoted) -> None:
    record = promoted.trial.record
    weights = {name: array * 0.5 for name, array in record.report.weights.items()}
    other = replace(record, report=replace(record.report, weights=weights))
    before = _models(promoted)
    with pytest.raises(TrialFailed, match="must say what its trial said"):
        log_promoted_model(other, client=promoted.client, run_id=promoted.run_id, model_card=CARD)
    assert _models(promoted) == before


def test_a_trial_of_somebody_elses_trainable_has_no_model(promoted: Promoted) -> None:
    other = replace(promoted.trial.record, config={"x": 1.0})
    with pytest.raises(OrchestratorError, match="this package's own trainables"):
        log_promoted_model(other, client=promoted.client, run_id=promoted.run_id, model_card=CARD)


# Run by an interpreter that has the model's requirements and nothing else.
_ELSEWHERE = """
import importlib.util, json, sys
import numpy as np
assert not any(map(importlib.util.find_spec, ("trainables", "orchestrator", "timm", "torchvision")))
import mlflow
model = mlflow.pyfunc.load_model(sys.argv[1])
images = np.load(sys.argv[2])
answers = {"logits": model.predict(images)}
answers["probabilities"] = model.predict(images, params={"probabilities": True})
answers["NCHW"] = model.predict(images.transpose(0, 3, 1, 2).copy())
answers["one"] = model.predict(images[:1])
np.savez(sys.argv[3], **answers)
print(json.dumps(model.metadata.metadata["classes"]))
"""


@pytest.mark.needs("registry")
@pytest.mark.timeout(1800)
def test_a_fresh_environment_with_its_requirements_alone_says_the_same(
    promoted: Promoted, tmp_path: Path
) -> None:
    """The environment takes minutes and gigabytes; it is gone afterwards."""
    images = np.array(load("digits").images_NHWC[:20])
    np.save(tmp_path / "images.npy", images)
    with _environment(tmp_path / "venv", promoted.folder / "requirements.txt") as python:
        ended = subprocess.run(
            [str(python), "-I", "-c", _ELSEWHERE, str(promoted.folder), "images.npy", "out.npz"],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
                 "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
        )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout.splitlines()[-1]) == list(promoted.trial.record.report.classes)
    found = np.load(tmp_path / "out.npz")
    expected_NK = promoted.trial.ask(images)
    for name in ("logits", "NCHW"):
        np.testing.assert_allclose(found[name], expected_NK, atol=1e-4)
    np.testing.assert_allclose(found["one"], expected_NK[:1], atol=1e-4)
    np.testing.assert_allclose(
        found["probabilities"], promoted.trial.ask(images, probabilities=1), atol=1e-5
    )


@contextmanager
def _environment(folder: Path, requirements: Path) -> Iterator[Path]:
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "-q", "-r", str(requirements)]
    try:
        ended = subprocess.run(install, capture_output=True, text=True)
        assert ended.returncode == 0, ended.stderr
        yield python
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_mlflows_own_server_serves_it(promoted: Promoted, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    bins = Path(sys.executable).parent
    server = subprocess.Popen(
        [str(bins / "mlflow"), "models", "serve", "-m", str(promoted.folder), "-p", str(port),
         "-h", "127.0.0.1", "--env-manager", "local", "--workers", "1"],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{bins}:{os.environ['PATH']}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    try:
        until = time.monotonic() + 120
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=2)
                break
            except (urllib.error.URLError, OSError):
                assert server.poll() is None and time.monotonic() < until
                time.sleep(0.3)
        images = noise(2, 8, 8, 3)
        for params, kind in (({}, 0), ({"probabilities": True}, 1)):
            body = json.dumps({"inputs": images.tolist(), "params": params}).encode()
            request = urllib.request.Request(
                f"http://127.0.0.1:{port}/invocations", body, {"Content-Type": "application/json"}
            )
            answer = json.load(urllib.request.urlopen(request, timeout=60))
            expected_NK = promoted.trial.ask(images, probabilities=kind)
            np.testing.assert_allclose(answer["predictions"], expected_NK, atol=1e-5)
    finally:
        os.killpg(server.pid, 15)
        server.wait(30)
