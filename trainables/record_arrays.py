"""The arrays of a trial's folder: predictions (Parquet), examples (npz), weights (safetensors).

Each pair writes to a path and reads from it; reading what is not there gives nothing. Parquet and
safetensors are imported only when they are used.
Shapes: N images, K classes.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from trainables.evaluation import softmax
from trainables.reports import Examples, Predictions, TrialReport

_EXAMPLE_FIELDS = (
    "eps_255", "clean_NHWC", "attacked_NHWC", "labels_N", "clean_predicted_N",
    "attacked_predicted_N",
)  # fmt: skip

_LATER_EXAMPLE_FIELDS = ("clean_confidence_N", "attacked_confidence_N")  # older files lack them


def predictions_to(path: Path, predictions: Sequence[Predictions]) -> None:
    """A row an image: split, index, label, predicted, and a chance for each class."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    chances_NK = np.concatenate([softmax(part.logits_NK) for part in predictions])
    columns: dict[str, Any] = {
        "split": np.repeat([p.split for p in predictions], [len(p.labels_N) for p in predictions]),
        "index": np.concatenate([part.indices_N for part in predictions]),
        "label": np.concatenate([part.labels_N for part in predictions]),
        "predicted": np.concatenate([part.predicted_N for part in predictions]),
    }
    columns |= {f"p_{k}": chances_NK[:, k].astype(np.float32) for k in range(chances_NK.shape[1])}
    pq.write_table(pa.table(columns), path)


def predictions_from(path: Path) -> tuple[Predictions, ...]:
    """With log-probabilities for logits."""
    if not path.exists():
        return ()
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    columns = {name: table[name].to_numpy() for name in table.column_names}
    chances_NK = np.stack([columns[n] for n in columns if n.startswith("p_")], axis=1)
    logits_NK = np.log(np.maximum(chances_NK, np.finfo(np.float32).tiny))
    splits_N = columns["split"].astype(str)
    return tuple(
        Predictions(split, columns["index"][rows], columns["label"][rows], logits_NK[rows])
        for split in dict.fromkeys(splits_N.tolist())
        for rows in [splits_N == split]
    )


def examples_to(path: Path, examples: Examples) -> None:
    """The fields of `Examples` by name, those that it has."""
    fields = {name: getattr(examples, name) for name in (*_EXAMPLE_FIELDS, *_LATER_EXAMPLE_FIELDS)}
    np.savez_compressed(path, **{n: held for n, held in fields.items() if held is not None})


def examples_from(path: Path) -> Examples | None:
    """Without pickles.

    Raises:
        ValueError: a damaged file.
    """
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as stored:
            later = [name for name in _LATER_EXAMPLE_FIELDS if name in stored]
            fields = {name: stored[name] for name in (*_EXAMPLE_FIELDS, *later)}
    except zipfile.BadZipFile as error:
        raise ValueError(f"{path}: {error}") from None
    return Examples(**{**fields, "eps_255": float(fields["eps_255"])})


def steps_to(path: Path, steps: Mapping[str, np.ndarray]) -> None:
    """Parquet: a column a figure, a row a step."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({name: np.asarray(values_T) for name, values_T in steps.items()}), path)


def steps_from(path: Path) -> dict[str, np.ndarray]:
    """Each figure [T] by name."""
    if not path.exists():
        return {}
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    return {name: table[name].to_numpy() for name in table.column_names}


def weights_to(path: Path, report: TrialReport) -> None:
    """The trained tensors by name, with the class names in the header."""
    from safetensors.numpy import save

    # Not ascontiguousarray: it makes a vector of a scalar (BatchNorm's num_batches_tracked).
    arrays = {name: np.asarray(array, order="C") for name, array in report.weights.items()}
    # Not save_file: its error for a full disk is no OSError.
    path.write_bytes(save(arrays, metadata={"classes": json.dumps(list(report.classes))}))


def weights_from(path: Path) -> dict[str, np.ndarray]:
    """The tensors by name."""
    if not path.exists():
        return {}
    from safetensors.numpy import load_file

    return dict(load_file(path))
