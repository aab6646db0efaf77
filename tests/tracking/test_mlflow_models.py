"""Whole models: which are kept, and that one loads far from this repository."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mlflow import MlflowClient
from study_by_hand import MadeStudy, create_study

from trainables.classifier import load_classifier

# Run in an empty folder, in isolated mode, by an interpreter that is told where MLflow and torch
# are but that finds no module of this project.
_ELSEWHERE = """
import json, sys
import numpy as np
sys.path[:] = [p for p in sys.path if p != sys.argv[2]]
for name in ("trainables", "search_spaces", "orchestrator", "timm", "torchvision"):
    sys.modules[name] = None
import mlflow
model = mlflow.pyfunc.load_model(sys.argv[1])
images = np.load("images.npy")
logits = {
    "NHWC": model.predict(images), "NCHW": model.predict(images.transpose(0, 3, 1, 2).copy()),
    "one": model.predict(images[:1]),
}
np.savez("logits.npz", **logits)
print(json.dumps([model.metadata.metadata["classes"][0], model.model_config["device"]]))
"""


@pytest.fixture
def kept(tmp_path: Path, store: str) -> MadeStudy:
    """A study that keeps one model, with one finished trial."""
    study = create_study(tmp_path, store, keep_models=1)
    study.add_finished(0.80)
    return study


def _models(store: str) -> list:
    client = MlflowClient(store)
    experiment = client.get_experiment_by_name("orchestrator").experiment_id
    return list(client.search_logged_models([experiment]))


@pytest.mark.slow
def test_a_kept_model_loads_far_from_here_and_gives_the_same_logits(
    kept: MadeStudy, store: str, tmp_path: Path
) -> None:
    assert kept.sync().complete
    (model,) = _models(store)
    assert model.status == "READY" and model.tags["orchestrator.trial"] == "compare-1/0"
    images_NHWC = np.random.default_rng(0).integers(0, 256, (5, 40, 48, 3), dtype=np.uint8)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    np.save(elsewhere / "images.npy", images_NHWC)
    environment = {
        **os.environ,
        "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
        "MLFLOW_TRACKING_URI": store,
    }
    run = subprocess.run(
        [sys.executable, "-I", "-c", _ELSEWHERE, f"models:/{model.model_id}", str(Path.cwd())],
        cwd=elsewhere,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout.splitlines()[-1]) == ["airplane", "cpu"]
    classifier, _ = load_classifier(kept.folder / "trials" / "00000")
    with torch.no_grad():
        expected_NK = classifier(torch.from_numpy(images_NHWC).permute(0, 3, 1, 2)).numpy()
    logits = np.load(elsewhere / "logits.npz")
    for layout in ("NHWC", "NCHW"):
        np.testing.assert_allclose(logits[layout], expected_NK, atol=1e-4)
    np.testing.assert_allclose(logits["one"], expected_NK[:1], atol=1e-4)


@pytest.mark.slow
def test_a_model_that_falls_out_of_the_best_goes_with_its_files(
    kept: MadeStudy, store: str, tmp_path: Path
) -> None:
    kept.sync()
    (first,) = _models(store)
    kept.add_finished(0.9)
    kept.sync(again=False)
    (second,) = _models(store)
    assert second.tags["orchestrator.trial"] == "compare-1/1"
    assert second.model_id != first.model_id
    assert len(list((tmp_path / "mlruns").rglob("model.pt2"))) == 1
    kept.sync(again=False)
    assert [model.model_id for model in _models(store)] == [second.model_id]


def test_a_model_that_cannot_be_built_is_left_with_its_reason(kept: MadeStudy, store: str) -> None:
    (kept.folder / "trials" / "00000" / "weights.safetensors").write_bytes(b"\0" * 40)
    result = kept.sync()
    assert result.left == ("the model of trial 0",)
    assert "model of trial 0" in result.note
    assert _models(store) == []
