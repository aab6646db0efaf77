"""Runs in a process of its own: torchvision reads a data set, and its arrays are saved as files.

Imports torch. Shapes: N images, S pixels a side.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np


def main() -> None:
    """Do what the JSON in the first argument says; an error ends the process with one line."""
    try:
        convert(json.loads(sys.argv[1]))
    except Exception as error:  # torchvision raises what it likes; the parent shows the last line
        said = str(error).strip().splitlines() or [type(error).__name__]
        sys.exit(said[-1])


def convert(task: dict[str, Any]) -> None:
    """Save both splits under `out`: `images.npy` (uint8 [N,S,S,3]), `labels.npy` and the test's.

    Args:
        task: what `TorchvisionSet.task` gives.

    Raises:
        RuntimeError: torchvision finds a file missing or damaged; other errors of a bad download.
    """
    module, _, attribute = task["dataset"].partition(":")
    kind = getattr(importlib.import_module(module), attribute)
    out, options = Path(task["out"]), {"root": task["root"], "download": task["fetch"]}
    for prefix, split in (("", task["train"]), ("test_", task["test"])):
        read = kind(**options, **split)
        np.save(out / f"{prefix}images.npy", _nhwc(np.asarray(read.data), task["layout"]))
        labels_N = np.asarray(getattr(read, task["labels"]), dtype=np.int64)
        np.save(out / f"{prefix}labels.npy", labels_N)
        classes = list(task["classes"] or read.classes)
    (out / "classes.json").write_text(json.dumps(classes), encoding="utf-8")


def _nhwc(images: np.ndarray, layout: str) -> np.ndarray:
    if layout == "NHW":
        return np.repeat(images[..., None], 3, axis=-1)
    return np.ascontiguousarray(images.transpose(0, 2, 3, 1) if layout == "NCHW" else images)
