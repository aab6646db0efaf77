"""The ONNX file says what the graph says, in float32 to 1e-4; one that does not is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from exported_trials import ExportedTrial, exported_trial, noise

from search_spaces.errors import TrialFailed
from trainables.data import load
from trainables.exporting.onnx_file import compare_onnx, onnx_classifier, write_onnx

pytest.importorskip("onnxruntime")
onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxscript")

pytestmark = pytest.mark.slow


def _write(exported: ExportedTrial, path: Path) -> float:
    module = exported.program.module(check_guards=False)
    return write_onnx(exported.net, load("digits").images_NHWC[:2], path, answer=module)


@pytest.fixture(scope="module")
def file(scratch: ExportedTrial, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the small net from scratch."""
    path = tmp_path_factory.mktemp("onnx") / "model.onnx"
    assert _write(scratch, path) < 1e-4
    return path


@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 32, 32), (7, 20, 31), (2, 224, 224), (64, 8, 8)])
def test_the_same_as_the_graph(
    scratch: ExportedTrial, file: Path, shape: tuple[int, int, int], layout: str
) -> None:
    images = noise(*shape, 3, seed=3)
    if layout == "NCHW":
        images = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
    logits_NK, probabilities_NK = onnx_classifier(file)(images)
    expected_NK = scratch.ask(images)
    scale = max(1.0, float(np.abs(expected_NK).max()))
    assert np.abs(logits_NK - expected_NK).max() < 1e-4 * scale
    assert np.abs(probabilities_NK - scratch.ask(images, probabilities=1)).max() < 1e-4
    np.testing.assert_allclose(probabilities_NK.sum(1), 1, atol=1e-5)


def test_the_file_is_well_formed_and_whole(file: Path) -> None:
    model = onnx.load(str(file), load_external_data=False)
    onnx.checker.check_model(model, full_check=True)
    assert [each.name for each in model.graph.input] == ["images"]
    assert [each.name for each in model.graph.output] == ["logits", "probabilities"]
    assert {each.domain for each in model.opset_import} <= {"", "pkg.onnxscript.torch_lib.common"}
    assert [path.name for path in file.parent.iterdir()] == ["model.onnx"]


@pytest.mark.parametrize("kind", ["head", "last", "mlp_bilinear"])
def test_other_nets(kind: str, tmp_path: Path) -> None:
    assert _write(exported_trial(kind, tmp_path), tmp_path / "model.onnx") < 1e-4


def test_a_file_that_says_something_else_is_refused(scratch: ExportedTrial, file: Path) -> None:
    module = scratch.program.module(check_guards=False)

    def other(images: torch.Tensor, probabilities: int) -> torch.Tensor:
        answer: torch.Tensor = module(images, probabilities=probabilities)
        return answer + 0.01

    with pytest.raises(TrialFailed, match=r"differs by 0\.01"):
        compare_onnx(file, other)
