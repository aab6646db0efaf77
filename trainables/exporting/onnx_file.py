"""The same net as an ONNX file, and whether it says the same.

Inputs: `images`, uint8, [N, H, W, 3] or [N, 3, H, W]. Outputs: `logits` and `probabilities`, both
[N, K] float32. Shapes: N images, H W an image, K classes.
"""

from __future__ import annotations

import copy
import importlib.util
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch.export import Dim

from search_spaces.errors import TrialFailed, UnavailableError
from trainables.exporting.net import ExportableClassifier, LogitsAndProbabilities
from trainables.exporting.resizing import MatrixPreprocess
from trainables.model import Preprocess

TOLERANCE = 1e-4
"""Of the probabilities; of the logits too, as a share of the largest where that is above 1."""
Answer = Callable[..., torch.Tensor]
"""Takes uint8 images and `probabilities`, as `ExportableClassifier` does."""
_NEEDED = ("onnx", "onnxscript", "onnxruntime")
_SIZES = ((1, 32, 32), (3, 40, 57), (2, 150, 90))  # images, height and width of the comparison


def write_onnx(
    net: ExportableClassifier, images_NHWC: np.ndarray, path: Path, *, answer: Answer
) -> float:
    """Write `net` to `path`, and hold it against `answer` on noise of several sizes and layouts.

    Args:
        images_NHWC: uint8 examples, two at least.
        answer: the exported graph of the same net.

    Returns:
        The largest difference of probabilities.

    Raises:
        UnavailableError: the packages of the extra `onnx` are not installed.
        TrialFailed: the net has an operation that ONNX lacks, or the file says something else.
    """
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        tried = [(name, "is not installed") for name in missing]
        raise UnavailableError("ONNX", tried, hint="pip install 'orchestrator[onnx]'")
    whole = LogitsAndProbabilities(_in_plain_operations(net).served).eval()
    try:
        _export(whole, images_NHWC, path)
    except Exception as error:  # the exporter raises many kinds
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise TrialFailed(f"This net cannot be written as ONNX: {lines[0][:300]}") from None
    return compare_onnx(path, answer)


def compare_onnx(path: Path, answer: Answer) -> float:
    """The largest difference of probabilities between the file and `answer`, on noise.

    Raises:
        TrialFailed: it is above `TOLERANCE`.
    """
    ask = onnx_classifier(path)
    random, largest = np.random.default_rng(0), 0.0
    for count, height, width in _SIZES:
        images_NHWC = random.integers(0, 256, (count, height, width, 3), dtype=np.uint8)
        for images in (images_NHWC, np.ascontiguousarray(images_NHWC.transpose(0, 3, 1, 2))):
            for said_NK, kind in zip(ask(images), (0, 1), strict=True):
                with torch.no_grad():
                    own_NK = answer(torch.from_numpy(images), probabilities=kind).numpy()
                apart = float(np.abs(said_NK - own_NK).max())
                if not apart <= TOLERANCE * max(1.0, float(np.abs(own_NK).max())):
                    rule = f"An ONNX file must say what the net says, to {TOLERANCE:g}."
                    raise TrialFailed(f"{rule} It differs by {apart:.2g} on {images.shape}.")
                largest = max(largest, apart if kind else 0.0)
    return largest


def onnx_classifier(path: Path) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """uint8 images to logits and probabilities, by onnxruntime on the CPU."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])

    def ask(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        logits_NK, probabilities_NK = session.run(None, {"images": images})
        return logits_NK, probabilities_NK

    return ask


def _in_plain_operations(net: ExportableClassifier) -> ExportableClassifier:
    """A copy whose resize ONNX has."""
    changed = copy.deepcopy(net)
    old = changed.served.preprocess
    assert isinstance(old, Preprocess)
    new = MatrixPreprocess(old.input_size, (0.0,), (1.0,), old.interpolation)
    new.mean_C11, new.std_C11 = old.mean_C11, old.std_C11
    changed.served.preprocess = new
    return changed


def _export(whole: LogitsAndProbabilities, images_NHWC: np.ndarray, path: Path) -> None:
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's remarks on itself
        program = torch.export.export(
            whole,
            (torch.from_numpy(np.array(images_NHWC)),),
            dynamic_shapes={"images": dict.fromkeys(range(4), Dim.AUTO)},
        )
        exported = torch.onnx.export(
            program,
            input_names=["images"],
            output_names=["logits", "probabilities"],
            dynamo=True,
            verbose=False,
        )
        assert exported is not None
        exported.save(str(path), external_data=False)
